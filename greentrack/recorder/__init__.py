"""The helper beside a run: it owns the sensors and the database, and the run only sends it marks.

``loop`` is the recorder itself, ``serve`` what runs it in a process of its own, ``client`` the run's end of the pipe.
"""
