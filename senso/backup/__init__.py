"""Backup and restore, by Postgres's own programs.

programs   pg_dump and pg_restore: where they are, and how they are called
files      a backup's file: written aside, then renamed; what its last line says of it
taking     a backup of one moment, while work goes on
restoring  all of a backup into an empty database, or nothing
"""
