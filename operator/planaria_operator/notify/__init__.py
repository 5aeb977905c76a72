"""Telling people. What is to be told stands in the record first; this sends it, and writes down what became of it."""
