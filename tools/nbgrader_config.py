"""nbgrader's settings: for tools/make_exercises.py, and for a teacher's own course folder (see docs/teaching.md)."""

c = get_config()  # noqa: F821

# nbgrader's own stub raises at the top level and would stop a notebook that is not solved yet.
c.ClearSolutions.code_stub = {"python": "..."}
c.ExecutePreprocessor.timeout = 120
