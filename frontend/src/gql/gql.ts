/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query AllergiesScreen($id: ID!) { patient(id: $id) { id ...Banner ...AllergyRecord } }\n": typeof types.AllergiesScreenDocument,
    "\n  query CalculatorsScreen($id: ID!) { patient(id: $id) { id ...Banner ...CalculatorChart } }\n": typeof types.CalculatorsScreenDocument,
    "\n  query CareScreen($id: ID!) { patient(id: $id) { id ...Banner ...CareRecord } }\n": typeof types.CareScreenDocument,
    "\n  query DemographicsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DemographicRecord ...PersonFields ...AroundRecord } }\n": typeof types.DemographicsScreenDocument,
    "\n  query DocumentsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DocumentRecord } }\n": typeof types.DocumentsScreenDocument,
    "\n  query EncountersScreen($id: ID!) { patient(id: $id) { id ...Banner ...EncounterRecord } }\n": typeof types.EncountersScreenDocument,
    "\n  query ImmunizationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ImmunizationRecord } }\n": typeof types.ImmunizationsScreenDocument,
    "\n  query MedicationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...MedicationLists } }\n": typeof types.MedicationsScreenDocument,
    "\n  query ProblemsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProblemList } }\n": typeof types.ProblemsScreenDocument,
    "\n  query ProceduresScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProcedureRecord } }\n": typeof types.ProceduresScreenDocument,
    "\n  query ResultsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ResultRecord } }\n": typeof types.ResultsScreenDocument,
    "\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n": typeof types.SummaryDocument,
    "\n  query VitalsScreen($id: ID!) { patient(id: $id) { id ...Banner ...VitalRecord } }\n": typeof types.VitalsScreenDocument,
    "\n  query Palette($filter: PatientFilter!) {\n    patients(filter: $filter, first: 8) {\n      nodes { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } }\n      totalCount\n    }\n  }\n": typeof types.PaletteDocument,
    "\n  query Catalog($kind: CatalogKind!, $search: String!) { catalog(kind: $kind, search: $search, first: 12) { text category codings { system code display } } }\n": typeof types.CatalogDocument,
    "\n  mutation RecordEnterInError($input: RecordEnterInErrorInput!) {\n    recordEnterInError(input: $input) {\n      outcome { __typename ... on EnteredInError { record { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }\n    }\n  }\n": typeof types.RecordEnterInErrorDocument,
    "\n  fragment ObservationRow on Observation {\n    id effectiveAt interpretation status\n    value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } ... on Range { low { value unit } high { value unit } } ... on Ratio { numerator { value unit } denominator { value unit } } }\n    components { code { text } value { __typename ... on Quantity { value unit } ... on Concept { text } } }\n    dataAbsentReason { text }\n    referenceRanges { low { value } high { value } text }\n  }\n": typeof types.ObservationRowFragmentDoc,
    "\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n": typeof types.TrendPanelDocument,
    "\n  fragment AllergyPage on AllergyList {\n    status\n    nodes { id substance { text codings { code } } type category criticality clinicalStatus verificationStatus onsetAt recordedAt reactions { substance { text } manifestations { text } severity description onset } notes { text } fhir ...AllergyFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.AllergyPageFragmentDoc,
    "\n  fragment AllergyRecord on Patient { allergies(first: 50) { ...AllergyPage } }\n": typeof types.AllergyRecordFragmentDoc,
    "\n  query MoreAllergies($id: ID!, $after: String!) { patient(id: $id) { id allergies(first: 50, after: $after) { ...AllergyPage } } }\n": typeof types.MoreAllergiesDocument,
    "\n  fragment AllergyFields on AllergyIntolerance { id versionId lastUpdated clinicalStatus verificationStatus criticality onsetAt substance { text } }\n": typeof types.AllergyFieldsFragmentDoc,
    "\n  mutation RecordAllergy($input: AllergyRecordInput!) {\n    allergyRecord(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } ended { id } }\n        ... on DuplicateAllergy { existing { id substance { text } } }\n        ... on UncodedSubstance { message }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.RecordAllergyDocument,
    "\n  mutation UpdateAllergy($input: AllergyUpdateInput!) {\n    allergyUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on AllergyIntolerance { ...AllergyFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.UpdateAllergyDocument,
    "\n  mutation RefuteAllergy($input: AllergyRefuteInput!) {\n    allergyRefute(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.RefuteAllergyDocument,
    "\n  mutation NoneKnown($input: AllergyNoneKnownInput!) {\n    allergyNoneKnown(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on ActiveAllergiesExist { existing { id substance { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.NoneKnownDocument,
    "\n  fragment CalculatorChart on Patient {\n    gender age { value unit }\n    labs: latestResults(category: LABORATORY, first: 40, codes: [\"LOINC|2160-0\", \"LOINC|38483-4\", \"LOINC|2951-2\", \"LOINC|2947-0\", \"LOINC|2075-0\", \"LOINC|2069-3\", \"LOINC|2028-9\", \"LOINC|20565-8\", \"LOINC|1963-8\", \"LOINC|1751-7\", \"LOINC|17861-6\", \"LOINC|49765-1\", \"LOINC|1975-2\", \"LOINC|6301-6\", \"LOINC|34714-6\", \"LOINC|3094-0\", \"LOINC|6299-2\"]) { ...CalculatorValue }\n    signs: latestResults(category: VITAL_SIGNS, first: 12, codes: [\"LOINC|29463-7\", \"LOINC|8302-2\", \"LOINC|9279-1\", \"LOINC|85354-9\", \"LOINC|2708-6\", \"LOINC|59408-5\", \"LOINC|8867-4\", \"LOINC|8310-5\"]) { ...CalculatorValue }\n  }\n": typeof types.CalculatorChartFragmentDoc,
    "\n  fragment CalculatorValue on LatestResult {\n    observation {\n      id effectiveAt code { text codings { code } } value { __typename ... on Quantity { value unit code comparator } }\n      components { code { codings { code } } value { __typename ... on Quantity { value unit code comparator } } }\n    }\n  }\n": typeof types.CalculatorValueFragmentDoc,
    "\n  fragment CareRecord on Patient {\n    careTeam { team { id } teamName member { id display reference } roles { text } period { start end } }\n    carePlans(first: 25) { nodes { id status title category { text } description period { start end } activities { code { text } status description reference { display } } } totalCount }\n    goals(first: 25) { nodes { id status achievement { text } description { text } startDate targets { measure { text } quantity { value unit comparator } low { value unit } high { value unit } due } } totalCount }\n    appointments(first: 25) { nodes { id status start end serviceTypes { text } reasons { text } description participants { actor { id display } types { text } } } totalCount }\n    tasks(first: 25) { nodes { id status businessStatus { text } priority code { text } description owner { display } dueAt authoredOn } totalCount }\n  }\n": typeof types.CareRecordFragmentDoc,
    "\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n    stay: encounters(first: 1, filter: { status: [IN_PROGRESS], class: \"IMP\" }) {\n      nodes { id period { start } locations { display } participants { display } }\n    }\n    weight: latestResults(category: VITAL_SIGNS, codes: [\"LOINC|29463-7\"], first: 1) { observation { ...ObservationRow } }\n    egfr: latestResults(category: LABORATORY, codes: [\"LOINC|98979-8\"], first: 1) { observation { ...ObservationRow } }\n  }\n": typeof types.BannerFragmentDoc,
    "\n  fragment AroundRecord on Patient {\n    contacts { relationships { text } name { display family given prefix } telecom { system value } period { start end } }\n    relatedPersons(first: 25) { nodes { id relationships { text } names { display family given prefix } telecom { system value } period { start end } } totalCount }\n    coverage(first: 25) { nodes { id status type { text } subscriberId payors { display } relationship { text } period { start end } order } totalCount }\n  }\n": typeof types.AroundRecordFragmentDoc,
    "\n  fragment DemographicRecord on Patient {\n    active gender birthDate\n    deceased { deceased at }\n    names { use display }\n    identifiers { use system value type { text } }\n    telecom { system value use }\n    addresses { use text lines city state postalCode country }\n    language { text }\n    maritalStatus { text }\n    generalPractitioners { id display }\n    lastUpdated versionId\n  }\n": typeof types.DemographicRecordFragmentDoc,
    "\n  fragment DocumentPage on DocumentConnection {\n    nodes { id status type { text } category { text } date description authors { display } attachments { contentType title url data creation } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.DocumentPageFragmentDoc,
    "\n  fragment DocumentRecord on Patient { documents(first: 50) { ...DocumentPage } }\n": typeof types.DocumentRecordFragmentDoc,
    "\n  query MoreDocuments($id: ID!, $after: String!) { patient(id: $id) { id documents(first: 50, after: $after) { ...DocumentPage } } }\n": typeof types.MoreDocumentsDocument,
    "\n  fragment EncounterPage on EncounterConnection {\n    nodes { id status class { code display } types { text } period { start end } reasons { text } participants { display } locations { display } serviceProvider { display } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.EncounterPageFragmentDoc,
    "\n  fragment EncounterRecord on Patient { encounters(first: 50) { ...EncounterPage } }\n": typeof types.EncounterRecordFragmentDoc,
    "\n  query MoreEncounters($id: ID!, $after: String!) { patient(id: $id) { id encounters(first: 50, after: $after) { ...EncounterPage } } }\n": typeof types.MoreEncountersDocument,
    "\n  mutation RecordImmunization($input: ImmunizationRecordInput!) {\n    immunizationRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ImmunizationSaved { immunization { id versionId } }\n        ... on LotRequired { message } ... on LotExpired { expirationDate }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.RecordImmunizationDocument,
    "\n  fragment ImmunizationPage on ImmunizationConnection {\n    nodes { id versionId status vaccine { text } occurredAt occurrenceText lotNumber site { text } route { text } dose { value unit } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.ImmunizationPageFragmentDoc,
    "\n  fragment ImmunizationRecord on Patient { immunizations(first: 100) { ...ImmunizationPage } }\n": typeof types.ImmunizationRecordFragmentDoc,
    "\n  query MoreImmunizations($id: ID!, $after: String!) { patient(id: $id) { id immunizations(first: 100, after: $after) { ...ImmunizationPage } } }\n": typeof types.MoreImmunizationsDocument,
    "\n  fragment MedicationPage on MedicationRequestConnection {\n    nodes { id status intent medication { text } medicationReference { display } dosageText reasons { text } authoredOn requester { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.MedicationPageFragmentDoc,
    "\n  fragment CurrentPage on CurrentMedicationConnection {\n    nodes {\n      id versionId status medication { text } dosageText reasons { text }\n      requests { id status authoredOn requester { display } }\n      statements { id status assertedAt informationSource { display } }\n    }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.CurrentPageFragmentDoc,
    "\n  fragment MedicationLists on Patient {\n    current: currentMedications(first: 50) { ...CurrentPage }\n    past: medicationRequests(first: 50, filter: { status: [COMPLETED, STOPPED, CANCELLED] }) { ...MedicationPage }\n    other: medicationRequests(first: 50, filter: { status: [DRAFT, UNKNOWN, ENTERED_IN_ERROR] }) { ...MedicationPage }\n  }\n": typeof types.MedicationListsFragmentDoc,
    "\n  query MoreMedications($id: ID!, $status: [MedicationRequestStatus!]!, $after: String!) {\n    patient(id: $id) { id medicationRequests(first: 50, filter: { status: $status }, after: $after) { ...MedicationPage } }\n  }\n": typeof types.MoreMedicationsDocument,
    "\n  query MoreCurrent($id: ID!, $after: String!) { patient(id: $id) { id currentMedications(first: 50, after: $after) { ...CurrentPage } } }\n": typeof types.MoreCurrentDocument,
    "\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n": typeof types.PatientListDocument,
    "\n  fragment ProblemFields on Condition {\n    id versionId lastUpdated clinicalStatus verificationStatus onsetAt abatementAt\n    code { text codings { system code display } }\n    severity { text codings { system code display } }\n  }\n": typeof types.ProblemFieldsFragmentDoc,
    "\n  mutation ConditionRecord($input: ConditionRecordInput!) {\n    conditionRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on DuplicateProblem { existing { id code { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.ConditionRecordDocument,
    "\n  mutation ConditionUpdate($input: ConditionUpdateInput!) {\n    conditionUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.ConditionUpdateDocument,
    "\n  mutation ConditionResolve($input: ConditionResolveInput!) {\n    conditionResolve(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.ConditionResolveDocument,
    "\n  fragment ProblemPage on ConditionConnection {\n    nodes { id code { text codings { system code } } category { text } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } ...ProblemFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.ProblemPageFragmentDoc,
    "\n  fragment ProblemList on Patient { conditions(first: 100) { ...ProblemPage } }\n": typeof types.ProblemListFragmentDoc,
    "\n  query MoreProblems($id: ID!, $after: String!) { patient(id: $id) { id conditions(first: 100, after: $after) { ...ProblemPage } } }\n": typeof types.MoreProblemsDocument,
    "\n  fragment ProcedurePage on ProcedureConnection {\n    nodes { id status code { text } category { text } performedAt performedPeriod { start end } reasons { text } bodySites { text } outcome { text } performers { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.ProcedurePageFragmentDoc,
    "\n  fragment ProcedureRecord on Patient { procedures(first: 50) { ...ProcedurePage } }\n": typeof types.ProcedureRecordFragmentDoc,
    "\n  query MoreProcedures($id: ID!, $after: String!) { patient(id: $id) { id procedures(first: 50, after: $after) { ...ProcedurePage } } }\n": typeof types.MoreProceduresDocument,
    "\n  fragment PersonFields on Patient {\n    id versionId lastUpdated gender birthDate\n    name { family given prefix }\n    telecom { system value }\n    addresses { lines city state postalCode country }\n  }\n": typeof types.PersonFieldsFragmentDoc,
    "\n  mutation RegisterPatient($input: PatientRegisterInput!) {\n    patientRegister(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id fhirId mrn } }\n        ... on PossibleDuplicates { candidates { agrees patient { id fhirId mrn gender birthDate name { display family given prefix } } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.RegisterPatientDocument,
    "\n  mutation UpdatePatient($input: PatientUpdateInput!) {\n    patientUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Patient { ...PersonFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.UpdatePatientDocument,
    "\n  fragment LabPage on ObservationConnection {\n    nodes { id code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.LabPageFragmentDoc,
    "\n  fragment ReportPage on DiagnosticReportConnection {\n    nodes { id status code { text } category { text } effectiveAt issued conclusion performers { display } results { id } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.ReportPageFragmentDoc,
    "\n  fragment ResultRecord on Patient { labs(first: 60) { ...LabPage } diagnosticReports(first: 30) { ...ReportPage } }\n": typeof types.ResultRecordFragmentDoc,
    "\n  query MoreLabs($id: ID!, $after: String!) { patient(id: $id) { id labs(first: 60, after: $after) { ...LabPage } } }\n": typeof types.MoreLabsDocument,
    "\n  query MoreReports($id: ID!, $after: String!) { patient(id: $id) { id diagnosticReports(first: 30, after: $after) { ...ReportPage } } }\n": typeof types.MoreReportsDocument,
    "\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n": typeof types.ProblemsFragmentDoc,
    "\n  fragment Allergies on Patient {\n    allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n  }\n": typeof types.AllergiesFragmentDoc,
    "\n  fragment Medications on Patient {\n    currentMedications(first: 30) {\n      nodes { id status medication { text } dosageText reasons { text } requests { id authoredOn } statements { id assertedAt } }\n      totalCount\n    }\n  }\n": typeof types.MedicationsFragmentDoc,
    "\n  fragment Encounters on Patient {\n    encounters(first: 8) {\n      nodes { id status class { code display } types { text } reasons { text } period { start end } serviceProvider { display } }\n      totalCount\n    }\n  }\n": typeof types.EncountersFragmentDoc,
    "\n  fragment Immunizations on Patient {\n    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }\n  }\n": typeof types.ImmunizationsFragmentDoc,
    "\n  fragment LatestRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation { ...ObservationRow }\n  }\n": typeof types.LatestRowFragmentDoc,
    "\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...LatestRow } }\n": typeof types.VitalsFragmentDoc,
    "\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...LatestRow } }\n": typeof types.LabsFragmentDoc,
    "\n  mutation RecordVitals($input: VitalsRecordInput!) {\n    vitalsRecord(input: $input) {\n      outcome {\n        __typename\n        ... on VitalsSaved { observations { id interpretation code { text } } }\n        ... on ImplausibleValue { values { input value unit least most source } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": typeof types.RecordVitalsDocument,
    "\n  fragment VitalPage on ObservationConnection {\n    nodes { id versionId code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": typeof types.VitalPageFragmentDoc,
    "\n  fragment VitalRecord on Patient { vitals(first: 60) { ...VitalPage } }\n": typeof types.VitalRecordFragmentDoc,
    "\n  query MoreVitals($id: ID!, $after: String!) { patient(id: $id) { id vitals(first: 60, after: $after) { ...VitalPage } } }\n": typeof types.MoreVitalsDocument,
};
const documents: Documents = {
    "\n  query AllergiesScreen($id: ID!) { patient(id: $id) { id ...Banner ...AllergyRecord } }\n": types.AllergiesScreenDocument,
    "\n  query CalculatorsScreen($id: ID!) { patient(id: $id) { id ...Banner ...CalculatorChart } }\n": types.CalculatorsScreenDocument,
    "\n  query CareScreen($id: ID!) { patient(id: $id) { id ...Banner ...CareRecord } }\n": types.CareScreenDocument,
    "\n  query DemographicsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DemographicRecord ...PersonFields ...AroundRecord } }\n": types.DemographicsScreenDocument,
    "\n  query DocumentsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DocumentRecord } }\n": types.DocumentsScreenDocument,
    "\n  query EncountersScreen($id: ID!) { patient(id: $id) { id ...Banner ...EncounterRecord } }\n": types.EncountersScreenDocument,
    "\n  query ImmunizationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ImmunizationRecord } }\n": types.ImmunizationsScreenDocument,
    "\n  query MedicationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...MedicationLists } }\n": types.MedicationsScreenDocument,
    "\n  query ProblemsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProblemList } }\n": types.ProblemsScreenDocument,
    "\n  query ProceduresScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProcedureRecord } }\n": types.ProceduresScreenDocument,
    "\n  query ResultsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ResultRecord } }\n": types.ResultsScreenDocument,
    "\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n": types.SummaryDocument,
    "\n  query VitalsScreen($id: ID!) { patient(id: $id) { id ...Banner ...VitalRecord } }\n": types.VitalsScreenDocument,
    "\n  query Palette($filter: PatientFilter!) {\n    patients(filter: $filter, first: 8) {\n      nodes { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } }\n      totalCount\n    }\n  }\n": types.PaletteDocument,
    "\n  query Catalog($kind: CatalogKind!, $search: String!) { catalog(kind: $kind, search: $search, first: 12) { text category codings { system code display } } }\n": types.CatalogDocument,
    "\n  mutation RecordEnterInError($input: RecordEnterInErrorInput!) {\n    recordEnterInError(input: $input) {\n      outcome { __typename ... on EnteredInError { record { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }\n    }\n  }\n": types.RecordEnterInErrorDocument,
    "\n  fragment ObservationRow on Observation {\n    id effectiveAt interpretation status\n    value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } ... on Range { low { value unit } high { value unit } } ... on Ratio { numerator { value unit } denominator { value unit } } }\n    components { code { text } value { __typename ... on Quantity { value unit } ... on Concept { text } } }\n    dataAbsentReason { text }\n    referenceRanges { low { value } high { value } text }\n  }\n": types.ObservationRowFragmentDoc,
    "\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n": types.TrendPanelDocument,
    "\n  fragment AllergyPage on AllergyList {\n    status\n    nodes { id substance { text codings { code } } type category criticality clinicalStatus verificationStatus onsetAt recordedAt reactions { substance { text } manifestations { text } severity description onset } notes { text } fhir ...AllergyFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.AllergyPageFragmentDoc,
    "\n  fragment AllergyRecord on Patient { allergies(first: 50) { ...AllergyPage } }\n": types.AllergyRecordFragmentDoc,
    "\n  query MoreAllergies($id: ID!, $after: String!) { patient(id: $id) { id allergies(first: 50, after: $after) { ...AllergyPage } } }\n": types.MoreAllergiesDocument,
    "\n  fragment AllergyFields on AllergyIntolerance { id versionId lastUpdated clinicalStatus verificationStatus criticality onsetAt substance { text } }\n": types.AllergyFieldsFragmentDoc,
    "\n  mutation RecordAllergy($input: AllergyRecordInput!) {\n    allergyRecord(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } ended { id } }\n        ... on DuplicateAllergy { existing { id substance { text } } }\n        ... on UncodedSubstance { message }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.RecordAllergyDocument,
    "\n  mutation UpdateAllergy($input: AllergyUpdateInput!) {\n    allergyUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on AllergyIntolerance { ...AllergyFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.UpdateAllergyDocument,
    "\n  mutation RefuteAllergy($input: AllergyRefuteInput!) {\n    allergyRefute(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.RefuteAllergyDocument,
    "\n  mutation NoneKnown($input: AllergyNoneKnownInput!) {\n    allergyNoneKnown(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on ActiveAllergiesExist { existing { id substance { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.NoneKnownDocument,
    "\n  fragment CalculatorChart on Patient {\n    gender age { value unit }\n    labs: latestResults(category: LABORATORY, first: 40, codes: [\"LOINC|2160-0\", \"LOINC|38483-4\", \"LOINC|2951-2\", \"LOINC|2947-0\", \"LOINC|2075-0\", \"LOINC|2069-3\", \"LOINC|2028-9\", \"LOINC|20565-8\", \"LOINC|1963-8\", \"LOINC|1751-7\", \"LOINC|17861-6\", \"LOINC|49765-1\", \"LOINC|1975-2\", \"LOINC|6301-6\", \"LOINC|34714-6\", \"LOINC|3094-0\", \"LOINC|6299-2\"]) { ...CalculatorValue }\n    signs: latestResults(category: VITAL_SIGNS, first: 12, codes: [\"LOINC|29463-7\", \"LOINC|8302-2\", \"LOINC|9279-1\", \"LOINC|85354-9\", \"LOINC|2708-6\", \"LOINC|59408-5\", \"LOINC|8867-4\", \"LOINC|8310-5\"]) { ...CalculatorValue }\n  }\n": types.CalculatorChartFragmentDoc,
    "\n  fragment CalculatorValue on LatestResult {\n    observation {\n      id effectiveAt code { text codings { code } } value { __typename ... on Quantity { value unit code comparator } }\n      components { code { codings { code } } value { __typename ... on Quantity { value unit code comparator } } }\n    }\n  }\n": types.CalculatorValueFragmentDoc,
    "\n  fragment CareRecord on Patient {\n    careTeam { team { id } teamName member { id display reference } roles { text } period { start end } }\n    carePlans(first: 25) { nodes { id status title category { text } description period { start end } activities { code { text } status description reference { display } } } totalCount }\n    goals(first: 25) { nodes { id status achievement { text } description { text } startDate targets { measure { text } quantity { value unit comparator } low { value unit } high { value unit } due } } totalCount }\n    appointments(first: 25) { nodes { id status start end serviceTypes { text } reasons { text } description participants { actor { id display } types { text } } } totalCount }\n    tasks(first: 25) { nodes { id status businessStatus { text } priority code { text } description owner { display } dueAt authoredOn } totalCount }\n  }\n": types.CareRecordFragmentDoc,
    "\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n    stay: encounters(first: 1, filter: { status: [IN_PROGRESS], class: \"IMP\" }) {\n      nodes { id period { start } locations { display } participants { display } }\n    }\n    weight: latestResults(category: VITAL_SIGNS, codes: [\"LOINC|29463-7\"], first: 1) { observation { ...ObservationRow } }\n    egfr: latestResults(category: LABORATORY, codes: [\"LOINC|98979-8\"], first: 1) { observation { ...ObservationRow } }\n  }\n": types.BannerFragmentDoc,
    "\n  fragment AroundRecord on Patient {\n    contacts { relationships { text } name { display family given prefix } telecom { system value } period { start end } }\n    relatedPersons(first: 25) { nodes { id relationships { text } names { display family given prefix } telecom { system value } period { start end } } totalCount }\n    coverage(first: 25) { nodes { id status type { text } subscriberId payors { display } relationship { text } period { start end } order } totalCount }\n  }\n": types.AroundRecordFragmentDoc,
    "\n  fragment DemographicRecord on Patient {\n    active gender birthDate\n    deceased { deceased at }\n    names { use display }\n    identifiers { use system value type { text } }\n    telecom { system value use }\n    addresses { use text lines city state postalCode country }\n    language { text }\n    maritalStatus { text }\n    generalPractitioners { id display }\n    lastUpdated versionId\n  }\n": types.DemographicRecordFragmentDoc,
    "\n  fragment DocumentPage on DocumentConnection {\n    nodes { id status type { text } category { text } date description authors { display } attachments { contentType title url data creation } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.DocumentPageFragmentDoc,
    "\n  fragment DocumentRecord on Patient { documents(first: 50) { ...DocumentPage } }\n": types.DocumentRecordFragmentDoc,
    "\n  query MoreDocuments($id: ID!, $after: String!) { patient(id: $id) { id documents(first: 50, after: $after) { ...DocumentPage } } }\n": types.MoreDocumentsDocument,
    "\n  fragment EncounterPage on EncounterConnection {\n    nodes { id status class { code display } types { text } period { start end } reasons { text } participants { display } locations { display } serviceProvider { display } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.EncounterPageFragmentDoc,
    "\n  fragment EncounterRecord on Patient { encounters(first: 50) { ...EncounterPage } }\n": types.EncounterRecordFragmentDoc,
    "\n  query MoreEncounters($id: ID!, $after: String!) { patient(id: $id) { id encounters(first: 50, after: $after) { ...EncounterPage } } }\n": types.MoreEncountersDocument,
    "\n  mutation RecordImmunization($input: ImmunizationRecordInput!) {\n    immunizationRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ImmunizationSaved { immunization { id versionId } }\n        ... on LotRequired { message } ... on LotExpired { expirationDate }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.RecordImmunizationDocument,
    "\n  fragment ImmunizationPage on ImmunizationConnection {\n    nodes { id versionId status vaccine { text } occurredAt occurrenceText lotNumber site { text } route { text } dose { value unit } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.ImmunizationPageFragmentDoc,
    "\n  fragment ImmunizationRecord on Patient { immunizations(first: 100) { ...ImmunizationPage } }\n": types.ImmunizationRecordFragmentDoc,
    "\n  query MoreImmunizations($id: ID!, $after: String!) { patient(id: $id) { id immunizations(first: 100, after: $after) { ...ImmunizationPage } } }\n": types.MoreImmunizationsDocument,
    "\n  fragment MedicationPage on MedicationRequestConnection {\n    nodes { id status intent medication { text } medicationReference { display } dosageText reasons { text } authoredOn requester { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.MedicationPageFragmentDoc,
    "\n  fragment CurrentPage on CurrentMedicationConnection {\n    nodes {\n      id versionId status medication { text } dosageText reasons { text }\n      requests { id status authoredOn requester { display } }\n      statements { id status assertedAt informationSource { display } }\n    }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.CurrentPageFragmentDoc,
    "\n  fragment MedicationLists on Patient {\n    current: currentMedications(first: 50) { ...CurrentPage }\n    past: medicationRequests(first: 50, filter: { status: [COMPLETED, STOPPED, CANCELLED] }) { ...MedicationPage }\n    other: medicationRequests(first: 50, filter: { status: [DRAFT, UNKNOWN, ENTERED_IN_ERROR] }) { ...MedicationPage }\n  }\n": types.MedicationListsFragmentDoc,
    "\n  query MoreMedications($id: ID!, $status: [MedicationRequestStatus!]!, $after: String!) {\n    patient(id: $id) { id medicationRequests(first: 50, filter: { status: $status }, after: $after) { ...MedicationPage } }\n  }\n": types.MoreMedicationsDocument,
    "\n  query MoreCurrent($id: ID!, $after: String!) { patient(id: $id) { id currentMedications(first: 50, after: $after) { ...CurrentPage } } }\n": types.MoreCurrentDocument,
    "\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n": types.PatientListDocument,
    "\n  fragment ProblemFields on Condition {\n    id versionId lastUpdated clinicalStatus verificationStatus onsetAt abatementAt\n    code { text codings { system code display } }\n    severity { text codings { system code display } }\n  }\n": types.ProblemFieldsFragmentDoc,
    "\n  mutation ConditionRecord($input: ConditionRecordInput!) {\n    conditionRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on DuplicateProblem { existing { id code { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.ConditionRecordDocument,
    "\n  mutation ConditionUpdate($input: ConditionUpdateInput!) {\n    conditionUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.ConditionUpdateDocument,
    "\n  mutation ConditionResolve($input: ConditionResolveInput!) {\n    conditionResolve(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.ConditionResolveDocument,
    "\n  fragment ProblemPage on ConditionConnection {\n    nodes { id code { text codings { system code } } category { text } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } ...ProblemFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.ProblemPageFragmentDoc,
    "\n  fragment ProblemList on Patient { conditions(first: 100) { ...ProblemPage } }\n": types.ProblemListFragmentDoc,
    "\n  query MoreProblems($id: ID!, $after: String!) { patient(id: $id) { id conditions(first: 100, after: $after) { ...ProblemPage } } }\n": types.MoreProblemsDocument,
    "\n  fragment ProcedurePage on ProcedureConnection {\n    nodes { id status code { text } category { text } performedAt performedPeriod { start end } reasons { text } bodySites { text } outcome { text } performers { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.ProcedurePageFragmentDoc,
    "\n  fragment ProcedureRecord on Patient { procedures(first: 50) { ...ProcedurePage } }\n": types.ProcedureRecordFragmentDoc,
    "\n  query MoreProcedures($id: ID!, $after: String!) { patient(id: $id) { id procedures(first: 50, after: $after) { ...ProcedurePage } } }\n": types.MoreProceduresDocument,
    "\n  fragment PersonFields on Patient {\n    id versionId lastUpdated gender birthDate\n    name { family given prefix }\n    telecom { system value }\n    addresses { lines city state postalCode country }\n  }\n": types.PersonFieldsFragmentDoc,
    "\n  mutation RegisterPatient($input: PatientRegisterInput!) {\n    patientRegister(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id fhirId mrn } }\n        ... on PossibleDuplicates { candidates { agrees patient { id fhirId mrn gender birthDate name { display family given prefix } } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.RegisterPatientDocument,
    "\n  mutation UpdatePatient($input: PatientUpdateInput!) {\n    patientUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Patient { ...PersonFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.UpdatePatientDocument,
    "\n  fragment LabPage on ObservationConnection {\n    nodes { id code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.LabPageFragmentDoc,
    "\n  fragment ReportPage on DiagnosticReportConnection {\n    nodes { id status code { text } category { text } effectiveAt issued conclusion performers { display } results { id } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.ReportPageFragmentDoc,
    "\n  fragment ResultRecord on Patient { labs(first: 60) { ...LabPage } diagnosticReports(first: 30) { ...ReportPage } }\n": types.ResultRecordFragmentDoc,
    "\n  query MoreLabs($id: ID!, $after: String!) { patient(id: $id) { id labs(first: 60, after: $after) { ...LabPage } } }\n": types.MoreLabsDocument,
    "\n  query MoreReports($id: ID!, $after: String!) { patient(id: $id) { id diagnosticReports(first: 30, after: $after) { ...ReportPage } } }\n": types.MoreReportsDocument,
    "\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n": types.ProblemsFragmentDoc,
    "\n  fragment Allergies on Patient {\n    allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n  }\n": types.AllergiesFragmentDoc,
    "\n  fragment Medications on Patient {\n    currentMedications(first: 30) {\n      nodes { id status medication { text } dosageText reasons { text } requests { id authoredOn } statements { id assertedAt } }\n      totalCount\n    }\n  }\n": types.MedicationsFragmentDoc,
    "\n  fragment Encounters on Patient {\n    encounters(first: 8) {\n      nodes { id status class { code display } types { text } reasons { text } period { start end } serviceProvider { display } }\n      totalCount\n    }\n  }\n": types.EncountersFragmentDoc,
    "\n  fragment Immunizations on Patient {\n    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }\n  }\n": types.ImmunizationsFragmentDoc,
    "\n  fragment LatestRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation { ...ObservationRow }\n  }\n": types.LatestRowFragmentDoc,
    "\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...LatestRow } }\n": types.VitalsFragmentDoc,
    "\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...LatestRow } }\n": types.LabsFragmentDoc,
    "\n  mutation RecordVitals($input: VitalsRecordInput!) {\n    vitalsRecord(input: $input) {\n      outcome {\n        __typename\n        ... on VitalsSaved { observations { id interpretation code { text } } }\n        ... on ImplausibleValue { values { input value unit least most source } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n": types.RecordVitalsDocument,
    "\n  fragment VitalPage on ObservationConnection {\n    nodes { id versionId code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n": types.VitalPageFragmentDoc,
    "\n  fragment VitalRecord on Patient { vitals(first: 60) { ...VitalPage } }\n": types.VitalRecordFragmentDoc,
    "\n  query MoreVitals($id: ID!, $after: String!) { patient(id: $id) { id vitals(first: 60, after: $after) { ...VitalPage } } }\n": types.MoreVitalsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AllergiesScreen($id: ID!) { patient(id: $id) { id ...Banner ...AllergyRecord } }\n"): (typeof documents)["\n  query AllergiesScreen($id: ID!) { patient(id: $id) { id ...Banner ...AllergyRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CalculatorsScreen($id: ID!) { patient(id: $id) { id ...Banner ...CalculatorChart } }\n"): (typeof documents)["\n  query CalculatorsScreen($id: ID!) { patient(id: $id) { id ...Banner ...CalculatorChart } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CareScreen($id: ID!) { patient(id: $id) { id ...Banner ...CareRecord } }\n"): (typeof documents)["\n  query CareScreen($id: ID!) { patient(id: $id) { id ...Banner ...CareRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DemographicsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DemographicRecord ...PersonFields ...AroundRecord } }\n"): (typeof documents)["\n  query DemographicsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DemographicRecord ...PersonFields ...AroundRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DocumentsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DocumentRecord } }\n"): (typeof documents)["\n  query DocumentsScreen($id: ID!) { patient(id: $id) { id ...Banner ...DocumentRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EncountersScreen($id: ID!) { patient(id: $id) { id ...Banner ...EncounterRecord } }\n"): (typeof documents)["\n  query EncountersScreen($id: ID!) { patient(id: $id) { id ...Banner ...EncounterRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ImmunizationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ImmunizationRecord } }\n"): (typeof documents)["\n  query ImmunizationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ImmunizationRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MedicationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...MedicationLists } }\n"): (typeof documents)["\n  query MedicationsScreen($id: ID!) { patient(id: $id) { id ...Banner ...MedicationLists } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProblemsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProblemList } }\n"): (typeof documents)["\n  query ProblemsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProblemList } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProceduresScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProcedureRecord } }\n"): (typeof documents)["\n  query ProceduresScreen($id: ID!) { patient(id: $id) { id ...Banner ...ProcedureRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ResultsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ResultRecord } }\n"): (typeof documents)["\n  query ResultsScreen($id: ID!) { patient(id: $id) { id ...Banner ...ResultRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n"): (typeof documents)["\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query VitalsScreen($id: ID!) { patient(id: $id) { id ...Banner ...VitalRecord } }\n"): (typeof documents)["\n  query VitalsScreen($id: ID!) { patient(id: $id) { id ...Banner ...VitalRecord } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Palette($filter: PatientFilter!) {\n    patients(filter: $filter, first: 8) {\n      nodes { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  query Palette($filter: PatientFilter!) {\n    patients(filter: $filter, first: 8) {\n      nodes { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Catalog($kind: CatalogKind!, $search: String!) { catalog(kind: $kind, search: $search, first: 12) { text category codings { system code display } } }\n"): (typeof documents)["\n  query Catalog($kind: CatalogKind!, $search: String!) { catalog(kind: $kind, search: $search, first: 12) { text category codings { system code display } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RecordEnterInError($input: RecordEnterInErrorInput!) {\n    recordEnterInError(input: $input) {\n      outcome { __typename ... on EnteredInError { record { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }\n    }\n  }\n"): (typeof documents)["\n  mutation RecordEnterInError($input: RecordEnterInErrorInput!) {\n    recordEnterInError(input: $input) {\n      outcome { __typename ... on EnteredInError { record { id versionId } } ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ObservationRow on Observation {\n    id effectiveAt interpretation status\n    value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } ... on Range { low { value unit } high { value unit } } ... on Ratio { numerator { value unit } denominator { value unit } } }\n    components { code { text } value { __typename ... on Quantity { value unit } ... on Concept { text } } }\n    dataAbsentReason { text }\n    referenceRanges { low { value } high { value } text }\n  }\n"): (typeof documents)["\n  fragment ObservationRow on Observation {\n    id effectiveAt interpretation status\n    value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } ... on Range { low { value unit } high { value unit } } ... on Ratio { numerator { value unit } denominator { value unit } } }\n    components { code { text } value { __typename ... on Quantity { value unit } ... on Concept { text } } }\n    dataAbsentReason { text }\n    referenceRanges { low { value } high { value } text }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n"): (typeof documents)["\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AllergyPage on AllergyList {\n    status\n    nodes { id substance { text codings { code } } type category criticality clinicalStatus verificationStatus onsetAt recordedAt reactions { substance { text } manifestations { text } severity description onset } notes { text } fhir ...AllergyFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment AllergyPage on AllergyList {\n    status\n    nodes { id substance { text codings { code } } type category criticality clinicalStatus verificationStatus onsetAt recordedAt reactions { substance { text } manifestations { text } severity description onset } notes { text } fhir ...AllergyFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AllergyRecord on Patient { allergies(first: 50) { ...AllergyPage } }\n"): (typeof documents)["\n  fragment AllergyRecord on Patient { allergies(first: 50) { ...AllergyPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreAllergies($id: ID!, $after: String!) { patient(id: $id) { id allergies(first: 50, after: $after) { ...AllergyPage } } }\n"): (typeof documents)["\n  query MoreAllergies($id: ID!, $after: String!) { patient(id: $id) { id allergies(first: 50, after: $after) { ...AllergyPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AllergyFields on AllergyIntolerance { id versionId lastUpdated clinicalStatus verificationStatus criticality onsetAt substance { text } }\n"): (typeof documents)["\n  fragment AllergyFields on AllergyIntolerance { id versionId lastUpdated clinicalStatus verificationStatus criticality onsetAt substance { text } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RecordAllergy($input: AllergyRecordInput!) {\n    allergyRecord(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } ended { id } }\n        ... on DuplicateAllergy { existing { id substance { text } } }\n        ... on UncodedSubstance { message }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation RecordAllergy($input: AllergyRecordInput!) {\n    allergyRecord(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } ended { id } }\n        ... on DuplicateAllergy { existing { id substance { text } } }\n        ... on UncodedSubstance { message }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateAllergy($input: AllergyUpdateInput!) {\n    allergyUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on AllergyIntolerance { ...AllergyFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateAllergy($input: AllergyUpdateInput!) {\n    allergyUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on AllergyIntolerance { ...AllergyFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RefuteAllergy($input: AllergyRefuteInput!) {\n    allergyRefute(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation RefuteAllergy($input: AllergyRefuteInput!) {\n    allergyRefute(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation NoneKnown($input: AllergyNoneKnownInput!) {\n    allergyNoneKnown(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on ActiveAllergiesExist { existing { id substance { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation NoneKnown($input: AllergyNoneKnownInput!) {\n    allergyNoneKnown(input: $input) {\n      outcome {\n        __typename\n        ... on AllergySaved { allergy { id versionId } }\n        ... on ActiveAllergiesExist { existing { id substance { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment CalculatorChart on Patient {\n    gender age { value unit }\n    labs: latestResults(category: LABORATORY, first: 40, codes: [\"LOINC|2160-0\", \"LOINC|38483-4\", \"LOINC|2951-2\", \"LOINC|2947-0\", \"LOINC|2075-0\", \"LOINC|2069-3\", \"LOINC|2028-9\", \"LOINC|20565-8\", \"LOINC|1963-8\", \"LOINC|1751-7\", \"LOINC|17861-6\", \"LOINC|49765-1\", \"LOINC|1975-2\", \"LOINC|6301-6\", \"LOINC|34714-6\", \"LOINC|3094-0\", \"LOINC|6299-2\"]) { ...CalculatorValue }\n    signs: latestResults(category: VITAL_SIGNS, first: 12, codes: [\"LOINC|29463-7\", \"LOINC|8302-2\", \"LOINC|9279-1\", \"LOINC|85354-9\", \"LOINC|2708-6\", \"LOINC|59408-5\", \"LOINC|8867-4\", \"LOINC|8310-5\"]) { ...CalculatorValue }\n  }\n"): (typeof documents)["\n  fragment CalculatorChart on Patient {\n    gender age { value unit }\n    labs: latestResults(category: LABORATORY, first: 40, codes: [\"LOINC|2160-0\", \"LOINC|38483-4\", \"LOINC|2951-2\", \"LOINC|2947-0\", \"LOINC|2075-0\", \"LOINC|2069-3\", \"LOINC|2028-9\", \"LOINC|20565-8\", \"LOINC|1963-8\", \"LOINC|1751-7\", \"LOINC|17861-6\", \"LOINC|49765-1\", \"LOINC|1975-2\", \"LOINC|6301-6\", \"LOINC|34714-6\", \"LOINC|3094-0\", \"LOINC|6299-2\"]) { ...CalculatorValue }\n    signs: latestResults(category: VITAL_SIGNS, first: 12, codes: [\"LOINC|29463-7\", \"LOINC|8302-2\", \"LOINC|9279-1\", \"LOINC|85354-9\", \"LOINC|2708-6\", \"LOINC|59408-5\", \"LOINC|8867-4\", \"LOINC|8310-5\"]) { ...CalculatorValue }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment CalculatorValue on LatestResult {\n    observation {\n      id effectiveAt code { text codings { code } } value { __typename ... on Quantity { value unit code comparator } }\n      components { code { codings { code } } value { __typename ... on Quantity { value unit code comparator } } }\n    }\n  }\n"): (typeof documents)["\n  fragment CalculatorValue on LatestResult {\n    observation {\n      id effectiveAt code { text codings { code } } value { __typename ... on Quantity { value unit code comparator } }\n      components { code { codings { code } } value { __typename ... on Quantity { value unit code comparator } } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment CareRecord on Patient {\n    careTeam { team { id } teamName member { id display reference } roles { text } period { start end } }\n    carePlans(first: 25) { nodes { id status title category { text } description period { start end } activities { code { text } status description reference { display } } } totalCount }\n    goals(first: 25) { nodes { id status achievement { text } description { text } startDate targets { measure { text } quantity { value unit comparator } low { value unit } high { value unit } due } } totalCount }\n    appointments(first: 25) { nodes { id status start end serviceTypes { text } reasons { text } description participants { actor { id display } types { text } } } totalCount }\n    tasks(first: 25) { nodes { id status businessStatus { text } priority code { text } description owner { display } dueAt authoredOn } totalCount }\n  }\n"): (typeof documents)["\n  fragment CareRecord on Patient {\n    careTeam { team { id } teamName member { id display reference } roles { text } period { start end } }\n    carePlans(first: 25) { nodes { id status title category { text } description period { start end } activities { code { text } status description reference { display } } } totalCount }\n    goals(first: 25) { nodes { id status achievement { text } description { text } startDate targets { measure { text } quantity { value unit comparator } low { value unit } high { value unit } due } } totalCount }\n    appointments(first: 25) { nodes { id status start end serviceTypes { text } reasons { text } description participants { actor { id display } types { text } } } totalCount }\n    tasks(first: 25) { nodes { id status businessStatus { text } priority code { text } description owner { display } dueAt authoredOn } totalCount }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n    stay: encounters(first: 1, filter: { status: [IN_PROGRESS], class: \"IMP\" }) {\n      nodes { id period { start } locations { display } participants { display } }\n    }\n    weight: latestResults(category: VITAL_SIGNS, codes: [\"LOINC|29463-7\"], first: 1) { observation { ...ObservationRow } }\n    egfr: latestResults(category: LABORATORY, codes: [\"LOINC|98979-8\"], first: 1) { observation { ...ObservationRow } }\n  }\n"): (typeof documents)["\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n    stay: encounters(first: 1, filter: { status: [IN_PROGRESS], class: \"IMP\" }) {\n      nodes { id period { start } locations { display } participants { display } }\n    }\n    weight: latestResults(category: VITAL_SIGNS, codes: [\"LOINC|29463-7\"], first: 1) { observation { ...ObservationRow } }\n    egfr: latestResults(category: LABORATORY, codes: [\"LOINC|98979-8\"], first: 1) { observation { ...ObservationRow } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AroundRecord on Patient {\n    contacts { relationships { text } name { display family given prefix } telecom { system value } period { start end } }\n    relatedPersons(first: 25) { nodes { id relationships { text } names { display family given prefix } telecom { system value } period { start end } } totalCount }\n    coverage(first: 25) { nodes { id status type { text } subscriberId payors { display } relationship { text } period { start end } order } totalCount }\n  }\n"): (typeof documents)["\n  fragment AroundRecord on Patient {\n    contacts { relationships { text } name { display family given prefix } telecom { system value } period { start end } }\n    relatedPersons(first: 25) { nodes { id relationships { text } names { display family given prefix } telecom { system value } period { start end } } totalCount }\n    coverage(first: 25) { nodes { id status type { text } subscriberId payors { display } relationship { text } period { start end } order } totalCount }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment DemographicRecord on Patient {\n    active gender birthDate\n    deceased { deceased at }\n    names { use display }\n    identifiers { use system value type { text } }\n    telecom { system value use }\n    addresses { use text lines city state postalCode country }\n    language { text }\n    maritalStatus { text }\n    generalPractitioners { id display }\n    lastUpdated versionId\n  }\n"): (typeof documents)["\n  fragment DemographicRecord on Patient {\n    active gender birthDate\n    deceased { deceased at }\n    names { use display }\n    identifiers { use system value type { text } }\n    telecom { system value use }\n    addresses { use text lines city state postalCode country }\n    language { text }\n    maritalStatus { text }\n    generalPractitioners { id display }\n    lastUpdated versionId\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment DocumentPage on DocumentConnection {\n    nodes { id status type { text } category { text } date description authors { display } attachments { contentType title url data creation } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment DocumentPage on DocumentConnection {\n    nodes { id status type { text } category { text } date description authors { display } attachments { contentType title url data creation } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment DocumentRecord on Patient { documents(first: 50) { ...DocumentPage } }\n"): (typeof documents)["\n  fragment DocumentRecord on Patient { documents(first: 50) { ...DocumentPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreDocuments($id: ID!, $after: String!) { patient(id: $id) { id documents(first: 50, after: $after) { ...DocumentPage } } }\n"): (typeof documents)["\n  query MoreDocuments($id: ID!, $after: String!) { patient(id: $id) { id documents(first: 50, after: $after) { ...DocumentPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment EncounterPage on EncounterConnection {\n    nodes { id status class { code display } types { text } period { start end } reasons { text } participants { display } locations { display } serviceProvider { display } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment EncounterPage on EncounterConnection {\n    nodes { id status class { code display } types { text } period { start end } reasons { text } participants { display } locations { display } serviceProvider { display } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment EncounterRecord on Patient { encounters(first: 50) { ...EncounterPage } }\n"): (typeof documents)["\n  fragment EncounterRecord on Patient { encounters(first: 50) { ...EncounterPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreEncounters($id: ID!, $after: String!) { patient(id: $id) { id encounters(first: 50, after: $after) { ...EncounterPage } } }\n"): (typeof documents)["\n  query MoreEncounters($id: ID!, $after: String!) { patient(id: $id) { id encounters(first: 50, after: $after) { ...EncounterPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RecordImmunization($input: ImmunizationRecordInput!) {\n    immunizationRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ImmunizationSaved { immunization { id versionId } }\n        ... on LotRequired { message } ... on LotExpired { expirationDate }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation RecordImmunization($input: ImmunizationRecordInput!) {\n    immunizationRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ImmunizationSaved { immunization { id versionId } }\n        ... on LotRequired { message } ... on LotExpired { expirationDate }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ImmunizationPage on ImmunizationConnection {\n    nodes { id versionId status vaccine { text } occurredAt occurrenceText lotNumber site { text } route { text } dose { value unit } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment ImmunizationPage on ImmunizationConnection {\n    nodes { id versionId status vaccine { text } occurredAt occurrenceText lotNumber site { text } route { text } dose { value unit } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ImmunizationRecord on Patient { immunizations(first: 100) { ...ImmunizationPage } }\n"): (typeof documents)["\n  fragment ImmunizationRecord on Patient { immunizations(first: 100) { ...ImmunizationPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreImmunizations($id: ID!, $after: String!) { patient(id: $id) { id immunizations(first: 100, after: $after) { ...ImmunizationPage } } }\n"): (typeof documents)["\n  query MoreImmunizations($id: ID!, $after: String!) { patient(id: $id) { id immunizations(first: 100, after: $after) { ...ImmunizationPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment MedicationPage on MedicationRequestConnection {\n    nodes { id status intent medication { text } medicationReference { display } dosageText reasons { text } authoredOn requester { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment MedicationPage on MedicationRequestConnection {\n    nodes { id status intent medication { text } medicationReference { display } dosageText reasons { text } authoredOn requester { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment CurrentPage on CurrentMedicationConnection {\n    nodes {\n      id versionId status medication { text } dosageText reasons { text }\n      requests { id status authoredOn requester { display } }\n      statements { id status assertedAt informationSource { display } }\n    }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment CurrentPage on CurrentMedicationConnection {\n    nodes {\n      id versionId status medication { text } dosageText reasons { text }\n      requests { id status authoredOn requester { display } }\n      statements { id status assertedAt informationSource { display } }\n    }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment MedicationLists on Patient {\n    current: currentMedications(first: 50) { ...CurrentPage }\n    past: medicationRequests(first: 50, filter: { status: [COMPLETED, STOPPED, CANCELLED] }) { ...MedicationPage }\n    other: medicationRequests(first: 50, filter: { status: [DRAFT, UNKNOWN, ENTERED_IN_ERROR] }) { ...MedicationPage }\n  }\n"): (typeof documents)["\n  fragment MedicationLists on Patient {\n    current: currentMedications(first: 50) { ...CurrentPage }\n    past: medicationRequests(first: 50, filter: { status: [COMPLETED, STOPPED, CANCELLED] }) { ...MedicationPage }\n    other: medicationRequests(first: 50, filter: { status: [DRAFT, UNKNOWN, ENTERED_IN_ERROR] }) { ...MedicationPage }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreMedications($id: ID!, $status: [MedicationRequestStatus!]!, $after: String!) {\n    patient(id: $id) { id medicationRequests(first: 50, filter: { status: $status }, after: $after) { ...MedicationPage } }\n  }\n"): (typeof documents)["\n  query MoreMedications($id: ID!, $status: [MedicationRequestStatus!]!, $after: String!) {\n    patient(id: $id) { id medicationRequests(first: 50, filter: { status: $status }, after: $after) { ...MedicationPage } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreCurrent($id: ID!, $after: String!) { patient(id: $id) { id currentMedications(first: 50, after: $after) { ...CurrentPage } } }\n"): (typeof documents)["\n  query MoreCurrent($id: ID!, $after: String!) { patient(id: $id) { id currentMedications(first: 50, after: $after) { ...CurrentPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n"): (typeof documents)["\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProblemFields on Condition {\n    id versionId lastUpdated clinicalStatus verificationStatus onsetAt abatementAt\n    code { text codings { system code display } }\n    severity { text codings { system code display } }\n  }\n"): (typeof documents)["\n  fragment ProblemFields on Condition {\n    id versionId lastUpdated clinicalStatus verificationStatus onsetAt abatementAt\n    code { text codings { system code display } }\n    severity { text codings { system code display } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ConditionRecord($input: ConditionRecordInput!) {\n    conditionRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on DuplicateProblem { existing { id code { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation ConditionRecord($input: ConditionRecordInput!) {\n    conditionRecord(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on DuplicateProblem { existing { id code { text } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ConditionUpdate($input: ConditionUpdateInput!) {\n    conditionUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation ConditionUpdate($input: ConditionUpdateInput!) {\n    conditionUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ConditionResolve($input: ConditionResolveInput!) {\n    conditionResolve(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation ConditionResolve($input: ConditionResolveInput!) {\n    conditionResolve(input: $input) {\n      outcome {\n        __typename\n        ... on ConditionSaved { condition { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Condition { ...ProblemFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProblemPage on ConditionConnection {\n    nodes { id code { text codings { system code } } category { text } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } ...ProblemFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment ProblemPage on ConditionConnection {\n    nodes { id code { text codings { system code } } category { text } clinicalStatus verificationStatus severity { text } onsetAt onsetText abatementAt recordedAt recorder { display } notes { text } ...ProblemFields }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProblemList on Patient { conditions(first: 100) { ...ProblemPage } }\n"): (typeof documents)["\n  fragment ProblemList on Patient { conditions(first: 100) { ...ProblemPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreProblems($id: ID!, $after: String!) { patient(id: $id) { id conditions(first: 100, after: $after) { ...ProblemPage } } }\n"): (typeof documents)["\n  query MoreProblems($id: ID!, $after: String!) { patient(id: $id) { id conditions(first: 100, after: $after) { ...ProblemPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcedurePage on ProcedureConnection {\n    nodes { id status code { text } category { text } performedAt performedPeriod { start end } reasons { text } bodySites { text } outcome { text } performers { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment ProcedurePage on ProcedureConnection {\n    nodes { id status code { text } category { text } performedAt performedPeriod { start end } reasons { text } bodySites { text } outcome { text } performers { display } notes { text } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcedureRecord on Patient { procedures(first: 50) { ...ProcedurePage } }\n"): (typeof documents)["\n  fragment ProcedureRecord on Patient { procedures(first: 50) { ...ProcedurePage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreProcedures($id: ID!, $after: String!) { patient(id: $id) { id procedures(first: 50, after: $after) { ...ProcedurePage } } }\n"): (typeof documents)["\n  query MoreProcedures($id: ID!, $after: String!) { patient(id: $id) { id procedures(first: 50, after: $after) { ...ProcedurePage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment PersonFields on Patient {\n    id versionId lastUpdated gender birthDate\n    name { family given prefix }\n    telecom { system value }\n    addresses { lines city state postalCode country }\n  }\n"): (typeof documents)["\n  fragment PersonFields on Patient {\n    id versionId lastUpdated gender birthDate\n    name { family given prefix }\n    telecom { system value }\n    addresses { lines city state postalCode country }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RegisterPatient($input: PatientRegisterInput!) {\n    patientRegister(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id fhirId mrn } }\n        ... on PossibleDuplicates { candidates { agrees patient { id fhirId mrn gender birthDate name { display family given prefix } } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation RegisterPatient($input: PatientRegisterInput!) {\n    patientRegister(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id fhirId mrn } }\n        ... on PossibleDuplicates { candidates { agrees patient { id fhirId mrn gender birthDate name { display family given prefix } } } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdatePatient($input: PatientUpdateInput!) {\n    patientUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Patient { ...PersonFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdatePatient($input: PatientUpdateInput!) {\n    patientUpdate(input: $input) {\n      outcome {\n        __typename\n        ... on PatientSaved { patient { id versionId } }\n        ... on Stale { id currentVersion current { id lastUpdated ... on Patient { ...PersonFields } } } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment LabPage on ObservationConnection {\n    nodes { id code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment LabPage on ObservationConnection {\n    nodes { id code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ReportPage on DiagnosticReportConnection {\n    nodes { id status code { text } category { text } effectiveAt issued conclusion performers { display } results { id } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment ReportPage on DiagnosticReportConnection {\n    nodes { id status code { text } category { text } effectiveAt issued conclusion performers { display } results { id } }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ResultRecord on Patient { labs(first: 60) { ...LabPage } diagnosticReports(first: 30) { ...ReportPage } }\n"): (typeof documents)["\n  fragment ResultRecord on Patient { labs(first: 60) { ...LabPage } diagnosticReports(first: 30) { ...ReportPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreLabs($id: ID!, $after: String!) { patient(id: $id) { id labs(first: 60, after: $after) { ...LabPage } } }\n"): (typeof documents)["\n  query MoreLabs($id: ID!, $after: String!) { patient(id: $id) { id labs(first: 60, after: $after) { ...LabPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreReports($id: ID!, $after: String!) { patient(id: $id) { id diagnosticReports(first: 30, after: $after) { ...ReportPage } } }\n"): (typeof documents)["\n  query MoreReports($id: ID!, $after: String!) { patient(id: $id) { id diagnosticReports(first: 30, after: $after) { ...ReportPage } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Allergies on Patient {\n    allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n  }\n"): (typeof documents)["\n  fragment Allergies on Patient {\n    allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n      pageInfo { hasNextPage }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Medications on Patient {\n    currentMedications(first: 30) {\n      nodes { id status medication { text } dosageText reasons { text } requests { id authoredOn } statements { id assertedAt } }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  fragment Medications on Patient {\n    currentMedications(first: 30) {\n      nodes { id status medication { text } dosageText reasons { text } requests { id authoredOn } statements { id assertedAt } }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Encounters on Patient {\n    encounters(first: 8) {\n      nodes { id status class { code display } types { text } reasons { text } period { start end } serviceProvider { display } }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  fragment Encounters on Patient {\n    encounters(first: 8) {\n      nodes { id status class { code display } types { text } reasons { text } period { start end } serviceProvider { display } }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Immunizations on Patient {\n    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }\n  }\n"): (typeof documents)["\n  fragment Immunizations on Patient {\n    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment LatestRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation { ...ObservationRow }\n  }\n"): (typeof documents)["\n  fragment LatestRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation { ...ObservationRow }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...LatestRow } }\n"): (typeof documents)["\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...LatestRow } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...LatestRow } }\n"): (typeof documents)["\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...LatestRow } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RecordVitals($input: VitalsRecordInput!) {\n    vitalsRecord(input: $input) {\n      outcome {\n        __typename\n        ... on VitalsSaved { observations { id interpretation code { text } } }\n        ... on ImplausibleValue { values { input value unit least most source } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation RecordVitals($input: VitalsRecordInput!) {\n    vitalsRecord(input: $input) {\n      outcome {\n        __typename\n        ... on VitalsSaved { observations { id interpretation code { text } } }\n        ... on ImplausibleValue { values { input value unit least most source } }\n        ... on Stale { id currentVersion } ... on NotPermitted { message } ... on Invalid { issues { text expression } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment VitalPage on ObservationConnection {\n    nodes { id versionId code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"): (typeof documents)["\n  fragment VitalPage on ObservationConnection {\n    nodes { id versionId code { text codings { system code } } ...ObservationRow }\n    pageInfo { hasNextPage endCursor }\n    totalCount\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment VitalRecord on Patient { vitals(first: 60) { ...VitalPage } }\n"): (typeof documents)["\n  fragment VitalRecord on Patient { vitals(first: 60) { ...VitalPage } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MoreVitals($id: ID!, $after: String!) { patient(id: $id) { id vitals(first: 60, after: $after) { ...VitalPage } } }\n"): (typeof documents)["\n  query MoreVitals($id: ID!, $after: String!) { patient(id: $id) { id vitals(first: 60, after: $after) { ...VitalPage } } }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;