"""``python -m cvkit``: the command line."""

import sys

from cvkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
