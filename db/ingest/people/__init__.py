"""Directory files: what CSV, vCard and LDIF hold, checked row by row."""
