"""Stores runs and their readings in one SQLite file; all SQL of the project is here.

``tables`` declares every column; rows, statements, checks and the export follow from it, and ``schema`` migrates the
file. The recorder uses ``writer``, everybody else ``reader``; both import only the standard library and sqlite3.
``maintenance`` deletes runs and closes those that were killed; ``location`` finds the file.
"""
