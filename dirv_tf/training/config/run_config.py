"""What one run is: network, data, training, seeds, evaluation, and what to compare it with."""

from __future__ import annotations

import dataclasses
import os

from dirv_tf.models.network_settings import NetworkSettings
from dirv_tf.models.registry import SettingsByKind
from dirv_tf.training.config.config_sections import section, section_by_kind, sections, sections_by_kind
from dirv_tf.training.config.data_settings import (
    DATA_KINDS,
    ChessboardSettings,
    FolderSettings,
    MixtureSettings,
    PairsSettings,
    ShapeSettings,
)
from dirv_tf.training.config.distribution_settings import (
    DISTRIBUTIONS,
    MirroredSettings,
    MultiWorkerSettings,
    SingleSettings,
)
from dirv_tf.training.config.loss_terms import TERM_KINDS, check_terms, has_own_loss, own_loss_name
from dirv_tf.training.config.reference_settings import ReferenceSettings
from dirv_tf.training.config.teacher_settings import TeacherSettings, check_teacher
from dirv_tf.training.config.training_stages import (
    LOSSES,
    LOSSES_OF_SETTINGS,
    LOSSES_OF_TASKS,
    SIMILARITIES,
    WITHOUT_FIELDS,
    StageSettings,
    TrainingStage,
    training_stages,
)
from dirv_tf.validation import (
    ConfigError,
    boolean,
    either,
    integer,
    list_of,
    number,
    one_of,
    optional,
    setting,
    text,
)

_COUNT = integer(1, 10**9)
# What NumPy's and TensorFlow's random generators both take.
_SEED = integer(high=2**32 - 1)


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """How the network is trained. The weights of the two loss terms count for the combined loss only.

    `terms` are added up, each times its `weight`, where something is drawn on the images: labels, landmarks, masks; the
    loss that `loss` names is then the term `own`. Without `terms`, that loss is all. Left out, `loss` is displacement;
    where no term is `own`, it must be left out.

    `stages` says for how many epochs every stage of the network is trained, and what is different there; `epochs` is
    then their sum and is left out. Without it, the stages share the epochs evenly. `similarity`, `regularization` and
    `symmetry` (a factor on what makes both directions inverse, of networks that have such terms) belong to the
    unsupervised loss, see `dirv_tf.losses.UnsupervisedLoss`; left out, they are those that the network was published
    with. The learning rate stays, falls along a cosine, or is halved after 30, 60 and 90 percent of a stage.

    A network whose task is uncertainty has one of the losses field_likelihood, of which `regularization` is the
    ``lambda`` and `image_variance` the variance of the images' noise, or gaussian_likelihood, see `dirv_tf.losses`;
    `given_fields` names the fields that it judges by turns: zero, smoothed, perturbed, roughened (see
    `synthesis.given_fields`), register (what `dirv_tf.register` finds), demons (a simple form of that method), or those
    of a shipped network; with :halfway behind its name, unfinished ones. After `distinct_epochs` the same pairs come
    again, of such a network mirrored and turned; left out, never. `teacher` is a section of its own, for pairs whose
    fields nobody knows: who finds those that are learned.

    `unit_decay` and `spread_weight`: see `dirv_tf.losses.DisplacementLoss`. Gradients longer than `clip_norm`, over all
    parameters, are shortened to it. `separate_levels` is the argument of `DIRVNet`. `start_from` names trained weights
    of a network with the same settings to go on from: a shipped network, or the path of a run's folder or weights.npz
    (with a slash, or ending in .npz). The next four settings change the speed and the memory:
    `precision` and `checkpoint_units` are the arguments `dtype` of any network and `checkpoint_units` of `DIRVNet`,
    `steps_per_execution` and `jit_compile` those of Keras's `compile`, where auto means XLA on a GPU only. The steps of
    an epoch must be a multiple of `steps_per_execution`; a run can be stopped between two executions.

    `distribution` is a section of its own: the devices and machines that share the work. `batch_size` counts the pairs
    of all of them together, which share it evenly.
    """

    batch_size: int = setting(_COUNT)
    epochs: int = setting(_COUNT, default=None)
    stages: tuple[StageSettings, ...] | None = sections(StageSettings, default=None)
    learning_rate: float = setting(number(above=0), default=2e-4)
    schedule: str = setting(one_of("constant", "cosine", "halving"), default="constant")
    loss: str | None = setting(one_of(*LOSSES), default=None)
    terms: tuple | None = sections_by_kind(TERM_KINDS, default=None)
    similarity: str | None = setting(one_of(*SIMILARITIES), default=None)
    regularization: float | None = setting(number(low=0), default=None)
    symmetry: float | None = setting(number(low=0), default=None)
    given_fields: tuple[str, ...] | None = setting(optional(list_of(text())), default=None)
    distinct_epochs: int | None = setting(optional(_COUNT), default=None)
    teacher: TeacherSettings | None = section(TeacherSettings, default=None)
    image_variance: float = setting(number(above=0), default=1e-4)
    displacement_weight: float = setting(number(low=0), default=1.0)
    intensity_weight: float = setting(number(low=0), default=1.0)
    unit_decay: float = setting(number(low=0, high=1), default=0.0)
    spread_weight: float = setting(number(low=0), default=0.0)
    clip_norm: float | None = setting(number(above=0), default=None)
    separate_levels: bool = setting(boolean(), default=False)
    start_from: str | None = setting(text(), default=None)
    precision: str = setting(one_of("float32", "mixed_bfloat16"), default="float32")
    checkpoint_units: bool = setting(boolean(), default=False)
    steps_per_execution: int = setting(_COUNT, default=1)
    jit_compile: str | bool = setting(either(one_of("auto"), boolean()), default="auto")
    distribution: SingleSettings | MirroredSettings | MultiWorkerSettings = section_by_kind(
        DISTRIBUTIONS, default=SingleSettings()
    )

    def __post_init__(self):
        if not self.stages and self.epochs is None:
            raise ConfigError(
                f"key 'training.epochs' is missing; legal is {_COUNT.legal}, or a list 'training.stages' in its place."
            )
        total = sum(stage.epochs for stage in self.stages or ())
        if self.stages and self.epochs not in (None, total):
            raise ConfigError(
                f"'training.epochs' must be left out beside 'training.stages', whose epochs add up to {total}. "
                f"Received: training.epochs={self.epochs}"
            )
        if self.stages:
            object.__setattr__(self, "epochs", total)
        if self.terms is not None:
            check_terms(self.terms)
        object.__setattr__(self, "loss", own_loss_name(self.loss, self.terms, self.stages))


@dataclasses.dataclass(frozen=True)
class SeedSettings:
    """Seeds of everything random: weights and training pairs; pairs that the network never trains on."""

    training: int = setting(_SEED, default=42)
    testing: int = setting(_SEED, default=77)


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """How the network is tested. `validation_images` unseen pairs are tested after every epoch as well."""

    batch_size: int = setting(_COUNT, default=100)
    validation_images: int = setting(integer(0, 10**9), default=0)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """One run, checked as a whole. Runs that differ in their reference alone are equal.

    Raises
    ------
    ConfigError
        When two settings do not fit each other, such as an image size that the pyramid cannot halve.
    """

    name: str = setting(text())
    description: str = setting(text())
    model: NetworkSettings = section_by_kind(SettingsByKind())
    data: ChessboardSettings | ShapeSettings | FolderSettings | PairsSettings | MixtureSettings = section_by_kind(
        DATA_KINDS
    )
    training: TrainingSettings = section(TrainingSettings)
    seeds: SeedSettings = section(SeedSettings, default=SeedSettings())
    evaluation: EvaluationSettings = section(EvaluationSettings, default=EvaluationSettings())
    preset: str | None = setting(text(), default=None)
    reference: ReferenceSettings | None = section(ReferenceSettings, default=None, compare=False)

    def __post_init__(self):
        model, data = self.model, self.data
        model.check(self.rank)
        sizes = {key: getattr(data, key, None) or () for key in ("size", "patch_size", "test_size")}
        for key, size in sizes.items():
            for multiple, side in zip(self.size_multiples, size):
                if side % multiple:
                    raise ConfigError(
                        f"'data.{key}' must have sides that are multiples of {multiple} for this network, such as "
                        f"{max(1, side // multiple) * multiple} or {(side // multiple + 1) * multiple}. "
                        f"Received: data.{key}={list(size)}, a network of {model.description()}"
                    )
        for key in sorted({key for kind in SettingsByKind().values() for key in kind.training_arguments}):
            default = TrainingSettings.__dataclass_fields__[key].default
            if key not in model.training_arguments and getattr(self.training, key) != default:
                raise ConfigError(
                    f"'training.{key}' must be left out for 'model.kind' {model.kind}, which has no such argument. "
                    f"Received: training.{key}={getattr(self.training, key)}"
                )
        losses = [stage.loss for stage in self.stages] if has_own_loss(self.training.terms) else []
        check_teacher(self, losses)
        if not self.known_fields and not set(losses) <= set(WITHOUT_FIELDS):
            fitting = [loss for loss in LOSSES_OF_TASKS[model.task] if loss in WITHOUT_FIELDS]
            raise ConfigError(
                f"'training.loss' must be {' or '.join(fitting)} for 'data.kind' {data.kind}: the true fields "
                f"of real pairs, which the other losses need, are unknown. Received: training.loss={', '.join(losses)}"
            )
        self._check_of_task(losses)
        self._check_of_stages()
        for key, of_losses in LOSSES_OF_SETTINGS.items():
            value = getattr(self.training, key)
            if value != TrainingSettings.__dataclass_fields__[key].default and not set(of_losses) & set(losses):
                raise ConfigError(
                    f"'training.{key}' must be left out unless 'training.loss' is {' or '.join(of_losses)}. "
                    f"Received: training.{key}={value}, training.loss={', '.join(losses) or 'no term own'}"
                )
        if "combined" in losses and not self.training.displacement_weight + self.training.intensity_weight:
            raise ConfigError(
                "'training.displacement_weight' and 'training.intensity_weight' must not both be zero for the "
                "combined loss. Received: training.displacement_weight=0.0, training.intensity_weight=0.0"
            )

    def _check_of_task(self, losses):
        """Refuse losses and fields to judge that the network is not for."""
        task, given = self.model.task, self.training.given_fields
        wrong = [loss for loss in losses if loss not in LOSSES_OF_TASKS[task]]
        if wrong:
            raise ConfigError(
                f"'training.loss' must be {' or '.join(LOSSES_OF_TASKS[task])} for 'model.kind' {self.model.kind}, "
                f"whose task is {task}. Received: training.loss={wrong[0]}"
            )
        if (given is not None) != (task == "uncertainty"):
            raise ConfigError(
                "'training.given_fields' must be there for networks whose task is uncertainty, and for no other. "
                f"Received: training.given_fields={given and list(given)}, 'model.kind' {self.model.kind}"
            )
        unknown = {"smoothed", "perturbed", "roughened"} & set(given or ()) if not self.data.known_fields else ()
        if unknown or len(set(given or ())) < len(given or ()):
            raise ConfigError(
                "'training.given_fields' must be different names, and without smoothed, perturbed and roughened where "
                f"true fields are unknown. Received: training.given_fields={list(given)}, 'data.kind' {self.data.kind}"
            )

    def _check_of_stages(self):
        """Refuse settings of stages that the network does not have."""
        for stage in self.stages:
            if stage.steps is not None and stage.name not in self.model.stages_of_steps:
                raise ConfigError(
                    f"'training.stages.steps' must be left out for the stage {stage.name} of a network of 'model.kind' "
                    f"{self.model.kind}, which does not repeat itself. Received: training.stages.steps={stage.steps}"
                )
            if "symmetry" in stage.unsupervised and "symmetry" not in self.model.unsupervised_loss:
                raise ConfigError(
                    f"'training.symmetry' must be left out for 'model.kind' {self.model.kind}, whose loss has no such "
                    f"terms. Received: training.symmetry={stage.unsupervised['symmetry']}"
                )

    @property
    def rank(self):
        """Number of image axes: 2 or 3."""
        return len(self.data.size)

    @property
    def known_fields(self) -> bool:
        """Whether the pairs have fields to learn from, and to measure by: true ones, or those of a teacher."""
        return self.data.known_fields or self.training.teacher is not None

    @property
    def distinct_epochs(self) -> int | None:
        """After how many epochs the same pairs come again; None: never."""
        if self.training.distinct_epochs is None and self.training.teacher is not None:
            return 1
        return self.training.distinct_epochs

    @property
    def stages(self) -> tuple[TrainingStage, ...]:
        """The parts of the training in their order; one where nothing says otherwise."""
        return training_stages(self.training, self.model.stages(self.rank), self.model.unsupervised_loss)

    @property
    def size_multiples(self):
        """Per axis, what each side must be a multiple of."""
        return self.model.size_multiples(self.rank)

    @property
    def parameters(self):
        """Number of trainable parameters."""
        return self.model.parameters(self.rank)

    def as_mapping(self):
        """Return the whole configuration as plain dictionaries and lists, ready for YAML or JSON."""
        return _plain(dataclasses.asdict(self))


def is_weights_path(start_from):
    """Whether a setting `training.start_from` is the path of weights, not the name of a shipped network."""
    return start_from.endswith(".npz") or "/" in start_from or os.sep in start_from


def _plain(value):
    if isinstance(value, dict):
        # What is None was left out, and reads as left out.
        return {key: _plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value
