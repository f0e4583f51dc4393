"""What learns, what it is measured by, and how the measurement is told."""

import warnings

# MLflow and Optuna draw progress bars; in every notebook these say that they could be prettier.
warnings.filterwarnings("ignore", message="IProgress not found")
