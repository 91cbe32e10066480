import Laboratory

/// Every experiment, in the order of the papers: tables, figures, theorems, our own checks.
///
/// A file in this folder that is missing here fails a test.
public let allExperiments: [Experiment] = [
  .table1Main,
  .table2PromptTypes,
  .table3Routing,
  .table4Modularity,
  .table5MainModality,
  .table6RIS,
  .table7MUStARD,
  .figure1Motivation,
  .figure2Architecture,
  .figure3ExpertSpecialization,
  .figure4AttentionMaps,
  .figure5ExpertVsLength,
  .figure6DataScaling,
  .figure7RoutingEntropy,
  .figure8ImportanceLoss,
  .figure9TSNE,
  .figure10RISQualitative,
  .figure11VQARouting,
  .theorem1GlobalPrompt,
  .theorem2Adaptivity,
  .checkParameterEfficiency,
  .checkConstantCost,
  .checkAuthorsTiling,
  .checkMapperSharing,
  .checkInteraction,
  .checkDataSeeds,
  .searchLearningRates,
]
