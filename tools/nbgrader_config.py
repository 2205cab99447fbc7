"""nbgrader's settings: for tools/make_exercises.py, and for a teacher's own course folder (see docs/teaching.md)."""

c = get_config()  # noqa: F821

# nbgrader's own stub raises at the top level and would stop a notebook that is not solved yet.
c.ClearSolutions.code_stub = {"python": "..."}
c.ExecutePreprocessor.timeout = 300          # by the clock: experiments train, and a slow computer needs long for it

# Every kernel takes the installed course before a submission's first line runs: a folder qmix_course/ that was handed
# in beside the notebook is not taken for it, and QMIX_COURSE_STRICT is read before an answer can change it.
c.ExecutePreprocessor.extra_arguments = ["--HistoryManager.hist_file=:memory:",
                                         "--IPKernelApp.exec_lines=" + "; ".join([
    "import sys", "_path = sys.path[:]", "sys.path[:] = [place for place in _path if place]",
    "import qmix_course.checks",
    "sys.path[:] = _path", "del _path"])]
