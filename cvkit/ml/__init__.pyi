"""What type checkers see of the names that are loaded when they are first used: a line for each."""

from cvkit.ml.bayes.discrete import BernoulliNB as BernoulliNB
from cvkit.ml.bayes.discrete import MultinomialNB as MultinomialNB
from cvkit.ml.bayes.gaussian import GaussianNB as GaussianNB
from cvkit.ml.cluster.k_means import KMeans as KMeans
from cvkit.ml.decomposition.pca import PCA as PCA
from cvkit.ml.ensemble.ada_boost import AdaBoostClassifier as AdaBoostClassifier
from cvkit.ml.ensemble.forest import RandomForestClassifier as RandomForestClassifier
from cvkit.ml.ensemble.forest import RandomForestRegressor as RandomForestRegressor
from cvkit.ml.ensemble.imputation import impute_by_proximity as impute_by_proximity
from cvkit.ml.ensemble.imputation import impute_roughly as impute_roughly
from cvkit.ml.linear.elastic_net import ElasticNet as ElasticNet
from cvkit.ml.linear.elastic_net import Lasso as Lasso
from cvkit.ml.linear.least_squares import LinearRegression as LinearRegression
from cvkit.ml.linear.least_squares import Ridge as Ridge
from cvkit.ml.linear.logistic import LogisticRegression as LogisticRegression
from cvkit.ml.mixture.gaussian_mixture import GaussianMixture as GaussianMixture
from cvkit.ml.neighbors.k_neighbors import KNeighborsClassifier as KNeighborsClassifier
from cvkit.ml.neighbors.k_neighbors import KNeighborsRegressor as KNeighborsRegressor
from cvkit.ml.storage import load as load
from cvkit.ml.storage import save as save
from cvkit.ml.svm.linear_svc import LinearSVC as LinearSVC
from cvkit.ml.svm.svc import SVC as SVC
from cvkit.ml.tree.categorical_tree import ID3Classifier as ID3Classifier
from cvkit.ml.tree.decision_tree import DecisionTreeClassifier as DecisionTreeClassifier
from cvkit.ml.tree.decision_tree import DecisionTreeRegressor as DecisionTreeRegressor
from cvkit.ml.tree.export import export_text as export_text
from cvkit.ml.tree.export import plot_tree as plot_tree

__all__: list[str]
