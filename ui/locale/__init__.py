"""Message catalogues: one folder per language, one file per part of the pages."""
