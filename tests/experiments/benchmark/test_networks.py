import numpy as np

from experiments.benchmark.networks import pairs, ready_to_train, training_step, voxelmorph_network


def test_a_training_step_does_what_train_on_batch_does():
    images, flow_field = pairs(16, 2, 2)
    measured, trained = (ready_to_train("A-6", units=1, experts=4) for _ in range(2))
    step = training_step(measured, images, flow_field)
    for _ in range(3):
        step()
        trained.train_on_batch(images, flow_field)
    assert int(measured.optimizer.iterations) == 3
    for one, other in zip(measured.trainable_variables, trained.trainable_variables):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6)


def test_a_training_step_of_voxelmorph_changes_every_variable():
    images, flow_field = pairs(16, 2, 2)
    network = voxelmorph_network()
    assert network.count_params() == 109_170
    before = network.get_weights()
    training_step(network, images, flow_field)()
    assert all((old != new).any() for old, new in zip(before, network.get_weights()))
