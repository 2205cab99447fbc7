"""Lesson 10 is being written by somebody else: whoever was asked for 08 and then 10 stops after 08 and reports."""
