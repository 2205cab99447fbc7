"""Checks for the exercises: each looks at a learner's answer and returns a verdict."""
