"""The benchmarks: `python -m bench`, or `make bench` for the compiled build. They write docs/performance.md.

A case (`model.py`) is data: what is done, by whom, over which rows, and what is to be reached. The contestants are in
`contestants/`, the cases in `groups/`; `measure.py` lets contestants take turns, `results.py` keeps what came out,
`report.py` and `plots.py` write it down. A contestant that is not installed is told and left out.
"""
