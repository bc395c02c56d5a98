"""Frameworks: one file or folder each, over what `training` shares."""
