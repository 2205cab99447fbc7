"""The learner's desk: the copies in ``my/``, reading and running them, and where their exercises stand."""
