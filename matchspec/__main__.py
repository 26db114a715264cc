"""`python -m matchspec`: the command line, which lives in the top layer.

The one place where a lower layer names a higher one. No module imports this one, so no cycle can come of it.
"""

from runtime.cli import main

if __name__ == "__main__":
    main()
