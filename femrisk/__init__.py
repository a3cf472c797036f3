"""femrisk: how strong is this bone with this lesion, and how much does each treatment give back?"""

__version__ = "0.1.0"
