"""Lesson 09 is being written by somebody else: whoever was asked for 01 and then 09 stops after 01 and reports."""
