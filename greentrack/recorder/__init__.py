"""The sampler process beside a run: it owns the sensors and the database, and the run only sends it events.

``client`` is the run's side, ``transport`` lies between the two, and ``server`` is what runs in the process. There
``sampler`` reads the meters, ``accumulator`` makes readings of that, ``events`` takes what the run sends, and
``write_buffer`` hands everything to the store.
"""
