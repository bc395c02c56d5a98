"""Where runs and their readings are kept: one SQLite file, and the only SQL of the project.

``writer`` is the recorder's end, ``reader`` everybody else's; both import only the standard library. ``manage`` deletes
runs and closes those that were killed; ``schema`` makes and migrates the tables; ``place`` says where the file lives.
"""
