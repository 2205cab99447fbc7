"""make tables: the tables and curves of the papers, computed afresh.

A module a table. Each has ``NAME`` (of the file in qmix_course/data/), ``TITLE``, ``tasks()`` (independent pieces of
work as (function, arguments) pairs, done in parallel), ``collect(results)`` (the stored dictionary), ``show(stored)``
(lines: expected, got, source) and ``figure(stored)``.
"""
