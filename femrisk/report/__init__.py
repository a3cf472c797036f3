"""The report of a case: a ``ResultFolder`` in, one HTML file that needs nothing else out; no solver, no network."""
