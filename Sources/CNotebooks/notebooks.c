// The experiments' sources as they were compiled. Results are attached to the lines of these, which are then looked for in
// the files on disk: prose may change there without a build, and code that changed is noticed. A test holds the list complete.
#include "CNotebooks.h"

#include <stddef.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const struct {
  const char *name;
  const unsigned char *text;
} notebooks[] = {
    {"CheckAuthorsTiling.swift", (const unsigned char[]){
#embed "../../Experiments/CheckAuthorsTiling.swift" suffix(, 0)
    }},
    {"CheckConstantCost.swift", (const unsigned char[]){
#embed "../../Experiments/CheckConstantCost.swift" suffix(, 0)
    }},
    {"CheckDataSeeds.swift", (const unsigned char[]){
#embed "../../Experiments/CheckDataSeeds.swift" suffix(, 0)
    }},
    {"CheckInteraction.swift", (const unsigned char[]){
#embed "../../Experiments/CheckInteraction.swift" suffix(, 0)
    }},
    {"CheckMapperSharing.swift", (const unsigned char[]){
#embed "../../Experiments/CheckMapperSharing.swift" suffix(, 0)
    }},
    {"CheckParameterEfficiency.swift", (const unsigned char[]){
#embed "../../Experiments/CheckParameterEfficiency.swift" suffix(, 0)
    }},
    {"CheckStandIns.swift", (const unsigned char[]){
#embed "../../Experiments/CheckStandIns.swift" suffix(, 0)
    }},
    {"Figure10RISQualitative.swift", (const unsigned char[]){
#embed "../../Experiments/Figure10RISQualitative.swift" suffix(, 0)
    }},
    {"Figure11VQARouting.swift", (const unsigned char[]){
#embed "../../Experiments/Figure11VQARouting.swift" suffix(, 0)
    }},
    {"Figure1Motivation.swift", (const unsigned char[]){
#embed "../../Experiments/Figure1Motivation.swift" suffix(, 0)
    }},
    {"Figure2Architecture.swift", (const unsigned char[]){
#embed "../../Experiments/Figure2Architecture.swift" suffix(, 0)
    }},
    {"Figure3ExpertSpecialization.swift", (const unsigned char[]){
#embed "../../Experiments/Figure3ExpertSpecialization.swift" suffix(, 0)
    }},
    {"Figure4AttentionMaps.swift", (const unsigned char[]){
#embed "../../Experiments/Figure4AttentionMaps.swift" suffix(, 0)
    }},
    {"Figure5ExpertVsLength.swift", (const unsigned char[]){
#embed "../../Experiments/Figure5ExpertVsLength.swift" suffix(, 0)
    }},
    {"Figure6DataScaling.swift", (const unsigned char[]){
#embed "../../Experiments/Figure6DataScaling.swift" suffix(, 0)
    }},
    {"Figure7RoutingEntropy.swift", (const unsigned char[]){
#embed "../../Experiments/Figure7RoutingEntropy.swift" suffix(, 0)
    }},
    {"Figure8ImportanceLoss.swift", (const unsigned char[]){
#embed "../../Experiments/Figure8ImportanceLoss.swift" suffix(, 0)
    }},
    {"Figure9TSNE.swift", (const unsigned char[]){
#embed "../../Experiments/Figure9TSNE.swift" suffix(, 0)
    }},
    {"SearchLearningRates.swift", (const unsigned char[]){
#embed "../../Experiments/SearchLearningRates.swift" suffix(, 0)
    }},
    {"Table1Main.swift", (const unsigned char[]){
#embed "../../Experiments/Table1Main.swift" suffix(, 0)
    }},
    {"Table2PromptTypes.swift", (const unsigned char[]){
#embed "../../Experiments/Table2PromptTypes.swift" suffix(, 0)
    }},
    {"Table3Routing.swift", (const unsigned char[]){
#embed "../../Experiments/Table3Routing.swift" suffix(, 0)
    }},
    {"Table4Modularity.swift", (const unsigned char[]){
#embed "../../Experiments/Table4Modularity.swift" suffix(, 0)
    }},
    {"Table5MainModality.swift", (const unsigned char[]){
#embed "../../Experiments/Table5MainModality.swift" suffix(, 0)
    }},
    {"Table6RIS.swift", (const unsigned char[]){
#embed "../../Experiments/Table6RIS.swift" suffix(, 0)
    }},
    {"Table7MUStARD.swift", (const unsigned char[]){
#embed "../../Experiments/Table7MUStARD.swift" suffix(, 0)
    }},
    {"Theorem1GlobalPrompt.swift", (const unsigned char[]){
#embed "../../Experiments/Theorem1GlobalPrompt.swift" suffix(, 0)
    }},
    {"Theorem2Adaptivity.swift", (const unsigned char[]){
#embed "../../Experiments/Theorem2Adaptivity.swift" suffix(, 0)
    }},
};

const char *compiledNotebook(const char *name) {
  for (size_t i = 0; i < sizeof notebooks / sizeof notebooks[0]; i++)
    if (strcmp(notebooks[i].name, name) == 0) return (const char *)notebooks[i].text;
  return NULL;
}
