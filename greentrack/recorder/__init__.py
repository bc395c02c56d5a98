"""The helper beside a run: it owns the sensors and the database, and the run only sends it marks.

``client`` is the run's end of the pipe, ``child`` and ``command`` start the process, ``serve`` is what runs in it.
There ``loop`` reads the meters, ``ledger`` makes readings of that, ``marks`` takes what the run says, ``keeper`` has it
stored.
"""
