/**
 * Names of drugs that were taken for each other, with the letters that tell them apart as capitals: `hydrOXYzine`, `hydrALAZINE`. For showing only.
 * After the FDA and ISMP Lists of Look-Alike Drug Names with Recommended Tall Man Letters (ismp.org/recommendations/tall-man-letters-list; table 1 as of 2023, table 2 as of
 * 2016). The document itself is for members: the beginning of table 1 and parts of table 2 were compared with what is public of it, the rest was not. A house compares the
 * list with its own copy before it relies on it.
 */
const NAMES: readonly string[] = [
  // Table 1, established names that the FDA approved with these letters.
  'acetaZOLAMIDE', 'acetoHEXAMIDE', 'buPROPion', 'busPIRone', 'CARBOplatin', 'chlorproMAZINE', 'chlorproPAMIDE', 'CISplatin', 'clomiPHENE', 'clomiPRAMINE', 'cycloSERINE', 'cycloSPORINE',
  'DAUNOrubicin', 'dimenhyDRINATE', 'diphenhydrAMINE', 'DOBUTamine', 'DOPamine', 'DOXOrubicin', 'glipiZIDE', 'glyBURIDE', 'hydrALAZINE', 'HYDROmorphone', 'hydrOXYzine',
  'medroxyPROGESTERone', 'methylPREDNISolone', 'methylTESTOSTERone', 'niCARdipine', 'NIFEdipine', 'prednisoLONE', 'predniSONE', 'sulfADIAZINE', 'sulfiSOXAZOLE', 'TOLAZamide', 'TOLBUTamide', 'vinBLAStine', 'vinCRIStine',
  // Table 2, further names with the letters that ISMP recommends; brands begin with a capital.
  'ALPRAZolam', 'aMILoride', 'amLODIPine', 'ARIPiprazole', 'AVINza', 'azaCITIDine', 'azaTHIOprine', 'carBAMazepine', 'ceFAZolin', 'cefoTEtan', 'cefOXitin', 'cefTAZidime', 'cefTRIAXone', 'CeleBREX', 'CeleXA',
  'chlordiazePOXIDE', 'cloBAZam', 'clonazePAM', 'cloNIDine', 'cloZAPine', 'DACTINomycin', 'DAPTOmycin', 'DEPO-Medrol', 'diazePAM', 'dilTIAZem', 'DOCEtaxel', 'DULoxetine', 'ePHEDrine', 'EPINEPHrine', 'epiRUBicin', 'eriBULin',
  'fentaNYL', 'flavoxATE', 'FLUoxetine', 'fluPHENAZine', 'fluvoxaMINE', 'guaiFENesin', 'guanFACINE', 'HumaLOG', 'HumuLIN', 'hydroCHLOROthiazide', 'HYDROcodone', 'IDArubicin', 'inFLIXimab', 'INVanz', 'ISOtretinoin', 'KlonoPIN',
  'LaMICtal', 'LamISIL', 'lamiVUDine', 'lamoTRIgine', 'levETIRAcetam', 'levOCARNitine', 'levoFLOXacin', 'LEVOleucovorin', 'LORazepam', 'metFORMIN', 'methazolAMIDE', 'methIMAzole', 'metOLazone', 'metroNIDAZOLE', 'metyraPONE', 'metyroSINE',
  'miFEPRIStone', 'miSOPROStol', 'mitoMYcin', 'mitoXANTRONE', 'NexAVAR', 'NexIUM', 'niMODipine', 'NovoLIN', 'NovoLOG', 'OLANZapine', 'OXcarbazepine', 'oxyCODONE', 'OxyCONTIN', 'oxyMORphone', 'PACLitaxel', 'PARoxetine',
  'PAZOPanib', 'PEMEtrexed', 'PENTobarbital', 'PHENobarbital', 'PONATinib', 'PRALAtrexate', 'PriLOSEC', 'PROzac', 'QUEtiapine', 'quiNIDine', 'quiNINE', 'RABEprazole', 'raNITIdine', 'rifAMPin', 'rifAXIMin', 'riMANTAdine', 'risperiDONE',
  'riTUXimab', 'romiDEPsin', 'romiPLOStim', 'rOPINIRole', 'SandIMMUNE', 'SandoSTATIN', 'SEROquel', 'SINEquan', 'SITagliptin', 'SOLU-Medrol', 'SORAfenib', 'SUFentanil', 'sulfaSALAzine', 'SUMAtriptan', 'SUNItinib', 'TEGretol', 'tiaGABine',
  'tiZANidine', 'traMADol', 'traZODone', 'TRENtal', 'valACYclovir', 'valGANciclovir', 'ZOLMitriptan', 'ZyPREXA', 'ZyrTEC',
]

const BY_PLAIN: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [name.toLowerCase(), name]))
// The longest first: of two that begin alike the whole name is meant.
const WORD = new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${[...BY_PLAIN.keys()].sort((a, b) => b.length - a.length).join('|')})(?![\p{L}\p{N}])`, 'giu')

/** A text with the names of the list in their letters, however they are stored; all else as it stands. */
export const tallMan = (text: string): string => text.replace(WORD, (name) => BY_PLAIN.get(name.toLowerCase()) ?? name)
