"""The risk model's booster as a scikit-learn estimator: for tuning, cross-validation and experiments.

A model that goes into use is made by `detector.model.train`, which adds stages, calibration and
thresholds. Both fit the same booster with the same directions of risk.
"""

from __future__ import annotations

from typing import Any, Self

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from detector.lifecycle import STAGES
from detector.model.recipe import Recipe
from detector.signals import features

Array = NDArray[Any]
DIRECTIONS = {f.name: f.monotone for stage in STAGES for f in features(stage)}
FIXED = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    "min_data_in_bin": 1,
    "num_threads": 2,
    "verbosity": -1,
}


class RiskClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gradient boosting with two classes, the greater of which is misuse.

    Columns named like one of the engine's features keep that feature's direction of risk; others are
    free. Rows of weight 0 are not learned from. The parameters are LightGBM's, by its names.
    """

    def __init__(
        self,
        *,
        num_iterations: int = 100,
        learning_rate: float = 0.06,
        num_leaves: int = 24,
        min_data_in_leaf: int = 1,
        min_sum_hessian_in_leaf: float = 2.0,
        feature_fraction: float = 1.0,
        bagging_fraction: float = 1.0,
        bagging_freq: int = 0,
        lambda_l2: float = 1.0,
        max_bin: int = 255,
        path_smooth: float = 0.0,
        random_state: int = 1,
    ) -> None:
        self.num_iterations = num_iterations
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.min_sum_hessian_in_leaf = min_sum_hessian_in_leaf
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.bagging_freq = bagging_freq
        self.lambda_l2 = lambda_l2
        self.max_bin = max_bin
        self.path_smooth = path_smooth
        self.random_state = random_state

    @classmethod
    def of(cls, recipe: Recipe, **changes: Any) -> Self:
        """One with the booster settings of a training recipe, some of them changed."""
        return cls(**{**recipe.booster, **changes})

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn. Raises ValueError unless `y` has exactly two classes."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        self.classes_, fraud = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(_not_two(len(self.classes_)))
        settings = self.get_params()
        rounds = settings.pop("num_iterations")
        settings |= {"seed": settings.pop("random_state"), "monotone_constraints": self._signs()}
        data = lgb.Dataset(X, fraud, weight=weight, params={"verbosity": -1})
        self.booster_ = lgb.train(settings | FIXED, data, num_boost_round=rounds)
        self.n_iter_ = self.booster_.num_trees()
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Log-odds of misuse."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return np.asarray(self.booster_.predict(X, raw_score=True, num_threads=2), np.float64)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Chance of each class, in the order of `classes_`; as weighted in training, not calibrated."""
        misuse = expit(self.decision_function(X))
        return np.column_stack((1 - misuse, misuse))

    def predict(self, X: Any) -> Array:
        """The likelier class."""
        likelier = (self.decision_function(X) > 0).astype(int)
        chosen: Array = self.classes_[likelier]
        return chosen

    def _signs(self) -> list[int]:
        names = getattr(self, "feature_names_in_", ())
        return [DIRECTIONS.get(name, 0) for name in names] or [0] * int(self.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        """Two classes only, and a missing value is a fact."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags


def _not_two(classes: int) -> str:
    if classes > 2:
        return "Only binary classification is supported. The type of the target is multiclass."
    return f"training needs two classes with weight, misuse and the rest; got {classes} class"
