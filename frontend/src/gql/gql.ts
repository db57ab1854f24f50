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
    "\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n": typeof types.PatientListDocument,
    "\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n    }\n  }\n": typeof types.BannerFragmentDoc,
    "\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n": typeof types.ProblemsFragmentDoc,
    "\n  fragment Allergies on Patient {\n    allergies(first: 20) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n    }\n  }\n": typeof types.AllergiesFragmentDoc,
    "\n  fragment Medications on Patient {\n    medicationRequests(first: 30, filter: { status: [ACTIVE, ON_HOLD] }) {\n      nodes { id status medication { text } medicationReference { display } dosageText reasons { text } authoredOn }\n      totalCount\n    }\n  }\n": typeof types.MedicationsFragmentDoc,
    "\n  fragment Encounters on Patient {\n    encounters(first: 8) {\n      nodes { id status class { code display } types { text } reasons { text } period { start end } serviceProvider { display } }\n      totalCount\n    }\n  }\n": typeof types.EncountersFragmentDoc,
    "\n  fragment Immunizations on Patient {\n    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }\n  }\n": typeof types.ImmunizationsFragmentDoc,
    "\n  fragment ResultRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation {\n      id effectiveAt interpretation status\n      value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } }\n      components { code { text } value { __typename ... on Quantity { value unit } } }\n      referenceRanges { low { value } high { value } text }\n    }\n  }\n": typeof types.ResultRowFragmentDoc,
    "\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...ResultRow } }\n": typeof types.VitalsFragmentDoc,
    "\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...ResultRow } }\n": typeof types.LabsFragmentDoc,
    "\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n": typeof types.SummaryDocument,
    "\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n": typeof types.TrendPanelDocument,
};
const documents: Documents = {
    "\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n": types.PatientListDocument,
    "\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n    }\n  }\n": types.BannerFragmentDoc,
    "\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n": types.ProblemsFragmentDoc,
    "\n  fragment Allergies on Patient {\n    allergies(first: 20) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n    }\n  }\n": types.AllergiesFragmentDoc,
    "\n  fragment Medications on Patient {\n    medicationRequests(first: 30, filter: { status: [ACTIVE, ON_HOLD] }) {\n      nodes { id status medication { text } medicationReference { display } dosageText reasons { text } authoredOn }\n      totalCount\n    }\n  }\n": types.MedicationsFragmentDoc,
    "\n  fragment Encounters on Patient {\n    encounters(first: 8) {\n      nodes { id status class { code display } types { text } reasons { text } period { start end } serviceProvider { display } }\n      totalCount\n    }\n  }\n": types.EncountersFragmentDoc,
    "\n  fragment Immunizations on Patient {\n    immunizations(first: 10) { nodes { id status vaccine { text } occurredAt occurrenceText } totalCount }\n  }\n": types.ImmunizationsFragmentDoc,
    "\n  fragment ResultRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation {\n      id effectiveAt interpretation status\n      value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } }\n      components { code { text } value { __typename ... on Quantity { value unit } } }\n      referenceRanges { low { value } high { value } text }\n    }\n  }\n": types.ResultRowFragmentDoc,
    "\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...ResultRow } }\n": types.VitalsFragmentDoc,
    "\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...ResultRow } }\n": types.LabsFragmentDoc,
    "\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n": types.SummaryDocument,
    "\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n": types.TrendPanelDocument,
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
export function graphql(source: "\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n"): (typeof documents)["\n  query PatientList($filter: PatientFilter, $sort: PatientSort!, $first: Int!, $after: String, $count: Boolean!) {\n    patients(filter: $filter, sort: $sort, first: $first, after: $after) {\n      nodes {\n        id fhirId mrn gender birthDate\n        name { display family given prefix }\n        age { value unit }\n        deceased { deceased at }\n        encounters(first: 1) { nodes { id period { start } } }\n      }\n      pageInfo { hasNextPage endCursor }\n      totalCount @include(if: $count)\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n    }\n  }\n"): (typeof documents)["\n  fragment Banner on Patient {\n    mrn gender birthDate\n    name { display family given prefix }\n    age { value unit }\n    deceased { deceased at }\n    activeAllergies: allergies(first: 20, filter: { clinicalStatus: [ACTIVE] }) {\n      status\n      nodes { id substance { text } reactions { manifestations { text } } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  fragment Problems on Patient {\n    conditions(first: 20, filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }) {\n      nodes { id code { text } onsetAt recordedAt severity { text } }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Allergies on Patient {\n    allergies(first: 20) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n    }\n  }\n"): (typeof documents)["\n  fragment Allergies on Patient {\n    allergies(first: 20) {\n      status\n      nodes { id substance { text } criticality clinicalStatus recordedAt reactions { severity manifestations { text } } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Medications on Patient {\n    medicationRequests(first: 30, filter: { status: [ACTIVE, ON_HOLD] }) {\n      nodes { id status medication { text } medicationReference { display } dosageText reasons { text } authoredOn }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  fragment Medications on Patient {\n    medicationRequests(first: 30, filter: { status: [ACTIVE, ON_HOLD] }) {\n      nodes { id status medication { text } medicationReference { display } dosageText reasons { text } authoredOn }\n      totalCount\n    }\n  }\n"];
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
export function graphql(source: "\n  fragment ResultRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation {\n      id effectiveAt interpretation status\n      value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } }\n      components { code { text } value { __typename ... on Quantity { value unit } } }\n      referenceRanges { low { value } high { value } text }\n    }\n  }\n"): (typeof documents)["\n  fragment ResultRow on LatestResult {\n    code { text codings { system code } }\n    change\n    series { at value }\n    observation {\n      id effectiveAt interpretation status\n      value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } ... on BooleanValue { boolean } ... on IntegerValue { integer } }\n      components { code { text } value { __typename ... on Quantity { value unit } } }\n      referenceRanges { low { value } high { value } text }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...ResultRow } }\n"): (typeof documents)["\n  fragment Vitals on Patient { vitals: latestResults(category: VITAL_SIGNS, first: 12) { ...ResultRow } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...ResultRow } }\n"): (typeof documents)["\n  fragment Labs on Patient { labs: latestResults(category: LABORATORY, first: 25) { ...ResultRow } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n"): (typeof documents)["\n  query Summary($id: ID!) {\n    patient(id: $id) {\n      id\n      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n"): (typeof documents)["\n  query TrendPanel($patient: ID!, $code: String!) {\n    patient(id: $patient) {\n      id\n      trend(code: $code) {\n        code { text } unit\n        points { at value originalValue originalUnit interpretation observation { id } }\n        excluded { observationId at reason unit }\n        referenceRange { low { value } high { value } text }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;