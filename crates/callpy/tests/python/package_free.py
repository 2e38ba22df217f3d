"""A file on the search path, whose text a program has as well."""
