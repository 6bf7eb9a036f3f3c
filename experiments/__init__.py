"""What is done with dirv_tf: the thesis reproduced, studies, comparison with other methods, benchmark, demo."""
