"""`python -m tar_core.training` trains; its sibling modules `synthetic` and `features` make the data."""

import sys

from tar_core.training.train import main

sys.exit(main())
