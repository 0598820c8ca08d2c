"""Runs one SMT-LIB file through cvc5 and prints what it answers, as Halmos expects of a solver.

The packages of PyPI hold cvc5 as a library only. Numbers of 64 bits are solved as integers: sums and the product under
the fee cap take it a second so, where solvers that look at single bits (yices, bitwuzla) find no end.
"""

from __future__ import annotations

import sys

import cvc5  # type: ignore[import-not-found]  # is only in the environment that scripts/prove makes


def main(path: str) -> None:
    """Answer every command of the file."""
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("solve-bv-as-int", "iand")
    solver.setOption("produce-models", "true")
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, path)
    while not (command := parser.nextCommand()).isNull():
        print(command.invoke(solver, parser.getSymbolManager()), end="", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
