"""Setuptools entry. Everything stands in setup.cfg; here only another choice of TensorFlow is applied to it."""
import configparser
import os

from setuptools import setup


def required_packages(tensorflow=None):
    """Read the requirements of setup.cfg, with another one in place of those for TensorFlow and Keras.

    Parameters
    ----------
    tensorflow : str, optional
        Requirement such as "tensorflow-cpu" or "tensorflow[and-cuda]>=2.21"; None or "" keeps setup.cfg's.

    Returns
    -------
    list of str
    """
    config = configparser.ConfigParser(interpolation=None)
    config.read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "setup.cfg"), encoding="utf-8")
    required = config["options"]["install_requires"].strip().splitlines()
    if tensorflow:
        required = [tensorflow] + [line for line in required if not line.startswith(("tensorflow", "keras"))]
    return required


# TensorFlow's CPU and CUDA builds differ in the name of the package, which no marker in setup.cfg can choose.
setup(install_requires=required_packages(os.environ.get("DIRV_TF_TENSORFLOW")))
