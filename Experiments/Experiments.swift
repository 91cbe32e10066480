import Laboratory

/// Every experiment, in the order of the papers: tables, figures, theorems, our own checks.
///
/// A file in this folder that is missing here fails a test.
public let allExperiments: [Experiment] = [
  .table1Main,
  .table2PromptTypes,
  .figure1Motivation,
  .figure2Architecture,
  .theorem1GlobalPrompt,
  .theorem2Adaptivity,
  .checkParameterEfficiency,
  .searchLearningRates,
]
