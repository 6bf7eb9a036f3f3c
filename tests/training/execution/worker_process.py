"""`dirv-tf train` in a process of its own, which may kill itself on the way; afterwards a clipped step, shared by two."""

import json
import os
import signal
import sys

import tensorflow as tf

from dirv_tf.cli.main import main
from dirv_tf.models import RegistrationNetwork, register_network
from dirv_tf.training.execution import run
from dirv_tf.training.execution.interruption import StepGuard
from dirv_tf.training.execution.joint_clipping import JointlyClippedAdam
from dirv_tf.training.execution.staged_training import StagedTraining


@register_network
class SharedStages(RegistrationNetwork):
    """Two stages of a convolution each, which are traced in no time."""

    kind = "shared_stages"
    stages = ("coarse", "fine")

    def __init__(self, rank=2, **kwargs):
        super().__init__(rank, **kwargs)
        self.coarse, self.fine = (tf.keras.layers.Conv2D(2, size, padding="same") for size in (5, 3))

    def start_stage(self, name):
        super().start_stage(name)
        self.coarse.trainable, self.fine.trainable = name == "coarse", name == "fine"

    def call(self, inputs):
        pair = tf.concat(self.checked_pair(inputs), axis=-1)
        field = self.coarse(pair)
        return {"flow_field": field if self.stage == "coarse" else field + self.fine(pair)}


def clipped_step(strategy, gradients):
    """Return by how much a variable changes when each of two devices has one of these gradients."""
    with strategy.scope():
        variable = tf.Variable([0.0, 0.0])
        # With so large an epsilon, the step is the gradient itself, but for a factor.
        optimizer = JointlyClippedAdam(1e6, epsilon=1e6, global_clipnorm=1.0)
        optimizer.build([variable])

    @tf.function
    def step():
        def on_one_device(gradient):
            optimizer.apply_gradients([(gradient, variable)])

        values = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(gradients)[context.replica_id_in_sync_group]
        )
        strategy.run(on_one_device, args=(values,))

    step()
    return variable.numpy().tolist()


def kill_in_the_second_epoch(guard, epoch, logs=None):
    if epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    # To measure steps before takes longer than this training.
    StagedTraining.say_expected_time = lambda *_: None
    if what == "killed":
        StepGuard.on_epoch_begin = kill_in_the_second_epoch
    distributions = []
    start = run.start_distribution
    run.start_distribution = lambda *given: distributions.append(start(*given)) or distributions[0]
    status = main(arguments)
    if what == "mirrored":
        print(json.dumps(clipped_step(distributions[0].strategy, [[30.0, -10.0], [-30.0, 0.0]])))
    sys.exit(status)
