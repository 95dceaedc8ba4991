"""Reads SQL on standard input, has DuckDB answer it, and prints the rows as a JSON array of objects."""

import json
import sys

import duckdb

answer = duckdb.connect().execute(sys.stdin.read())
names = [column[0] for column in answer.description]
json.dump([dict(zip(names, row, strict=True)) for row in answer.fetchall()], sys.stdout)
