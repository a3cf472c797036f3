"""Many cases: in goes a sweep file, out comes a folder of cases, each safe from any crash, and the table of them all.

``sweepfile`` reads what is asked (``axes``, ``design``), ``points`` makes cases of it, ``engine`` has them run by
workers (``attend`` runs one, on a ``leash``), ``table`` gathers what they found and ``figures`` draws it. Dask is
known in ``engine`` and ``cluster`` alone.
"""
