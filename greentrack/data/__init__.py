"""Tables that ship with GreenTrack; LICENSES.md has their sources and licences."""
