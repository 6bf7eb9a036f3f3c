"""What TensorBoard shows of a training: scalars, pictures on a frozen batch, and the run's configuration."""

from dirv_tf.training.monitoring.tensorboard_monitor import TensorBoardMonitor

__all__ = ["TensorBoardMonitor"]
