/// Every fusion method. A new one is a file of its own and a line here.
public let fusionMethods: [any FusionMethod.Type] = [
  SingleModalityConfiguration.self,
  LateConcatConfiguration.self,
  GatedLateFusionConfiguration.self,
  BilinearLateFusionConfiguration.self,
  MMBTConfiguration.self,
  PromptFuseConfiguration.self,
  PMFConfiguration.self,
  FrozenConfiguration.self,
  MoPEConfiguration.self,
]
