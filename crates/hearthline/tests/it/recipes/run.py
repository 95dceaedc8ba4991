"""Runs the blocks of a recipe one after the other, as a person does, and prints what the last statement of each gives.

A JSON object: of each heading, the rows of its last block.
"""

import ast
import json
import re
import sys

import duckdb

SESSION = duckdb.connect()
NAMES = {}


def sql(block):
    """The rows of the last statement."""
    answer = SESSION.execute(block)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def python(block):
    """The rows of the data frame that is named last."""
    *statements, last = ast.parse(block).body
    exec(compile(ast.Module(statements, []), "recipe", "exec"), NAMES)
    frame = eval(compile(ast.Expression(last.value), "recipe", "eval"), NAMES)
    return json.loads(frame.reset_index().to_json(orient="records", date_format="iso", date_unit="us"))


shown = {}
with open(sys.argv[1], encoding="utf-8") as page:
    for section in page.read().split("\n## ")[1:]:
        heading = section.split("\n", 1)[0]
        for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            shown[heading] = {"sql": sql, "python": python}[language](block)
json.dump(shown, sys.stdout, default=str)
