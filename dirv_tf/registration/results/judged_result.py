"""What a registration result says of how far its field may be from the truth."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.registration.images.given_image import to_spatial_array
from dirv_tf.registration.images.intensities import to_unit_interval
from dirv_tf.registration.results.uncertainty import choose_network, judged, sampled_fields

if TYPE_CHECKING:
    from dirv_tf.registration.results.result import RegistrationResult


class JudgedResult:
    """The part of a `RegistrationResult` that a network of uncertainty adds, see `dirv_tf.uncertainty`."""

    def uncertainty(self: RegistrationResult, network: Any = None) -> np.ndarray:
        """Return the standard deviation of every component of the field.

        Parameters
        ----------
        network : str, path, UncertaintyNetwork or None
            A shipped one, a weights file or its folder, or the network; None: "uncertainty-2d" for images.

        Returns
        -------
        ndarray of float32, shape (n_1, ..., n_r, r), pixels

        Raises
        ------
        ValueError
            For a network that does not exist or is made for something else.

        Examples
        --------
        >>> result = dirv_tf.register("fixed.png", "moving.png")  # doctest: +SKIP
        >>> deviation = result.uncertainty()  # doctest: +SKIP
        """
        chosen, _ = choose_network(network, self.rank)
        fixed_range, moving_range = self.intensity_ranges
        fixed = to_unit_interval(to_spatial_array(self.fixed, "fixed")[0], fixed_range)
        moving = to_unit_interval(to_spatial_array(self.moving, "moving")[0], moving_range)
        return judged(fixed, moving, self.flow_field, self.linear, chosen)

    def with_uncertainty(self: RegistrationResult, network: Any = None) -> RegistrationResult:
        """Return this result with its `standard_deviation`, which `save` then writes and draws.

        Parameters
        ----------
        network : str, path, UncertaintyNetwork or None
            As of `uncertainty`.

        Returns
        -------
        RegistrationResult
        """
        return dataclasses.replace(self, standard_deviation=JudgedResult.uncertainty(self, network))

    def sample_fields(
        self: RegistrationResult, count: int, seed: int = 0, network: Any = None
    ) -> np.ndarray:
        """Draw fields that may as well be the true one, see `dirv_tf.registration.sampled_fields`.

        Parameters
        ----------
        count : int
        seed : int
            The same fields for the same seed.
        network : str, path, UncertaintyNetwork or None
            As of `uncertainty`, unless the result has its `standard_deviation` already.

        Returns
        -------
        ndarray of float32, shape (count, n_1, ..., n_r, r), pixels
        """
        deviation = self.standard_deviation
        if deviation is None or network is not None:
            deviation = JudgedResult.uncertainty(self, network)
        return sampled_fields(self.flow_field, deviation, count, seed)

    def plot_uncertainty(
        self: RegistrationResult, path: str | os.PathLike[str] | None = None, axis: int = 0
    ) -> Any:
        """Draw the standard deviation over the fixed image, see `dirv_tf.figures.uncertainty_figure`.

        Parameters
        ----------
        path : str or path, optional
            Where to write the picture too (`.png`, `.pdf` or `.svg`).
        axis : int
            The axis across which a volume is cut.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            Where the result has no `standard_deviation`.
        """
        # matplotlib is loaded for who draws.
        from dirv_tf.figures import save_figure, uncertainty_figure

        if self.standard_deviation is None:
            raise ValueError("Expected a result of `with_uncertainty`. Received: standard_deviation=None")
        title = f"uncertainty of {self.model_name}, {' x '.join(map(str, self.size))}"
        figure = uncertainty_figure(self.unit_interval_images()["fixed"], self.standard_deviation, title, axis)
        if path is not None:
            save_figure(figure, path)
        return figure
