"""The command `dirv-tf`: reads the command line, calls the package, prints; holds no computation of its own.

One module per subcommand, each with `add_parser(commands)` and `run(options)`, which returns the exit status.
TensorFlow takes seconds to load, so that the modules import what needs it in `run`: help and a wrong command line are
answered at once.
"""
