from experiments.comparison.stages import Stages


def test_the_time_left_follows_the_pace_of_the_work_done():
    now, lines = [0.0], []
    stages = Stages([10, 30], lines.append, seconds_between=5, clock=lambda: now[0])
    stages.begin("first")
    now[0] = 4
    stages.share(1, 2)
    now[0] = 20
    stages.share(1, 1)
    stages.begin("second")
    now[0] = 40
    stages.share(1, 2)
    # 10 of 40 parts in 20 seconds, 25 of 40 in 40 seconds.
    assert lines == [
        "[1/2] first",
        "  1/1 done (about 1 min 00 s left for everything)",
        "[2/2] second (about 1 min 00 s left for everything)",
        "  1/2 done (about 24 s left for everything)",
    ]
