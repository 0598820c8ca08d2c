"""Typed Python bindings, generated from the compiled contracts. Do not edit by hand."""
