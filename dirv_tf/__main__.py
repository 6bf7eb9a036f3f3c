"""`python -m dirv_tf`: the command `dirv-tf` where its folder is not on the PATH."""

import sys

from dirv_tf.cli.main import main

sys.exit(main())
