// Names as the standards want them, made from what a person types: lots, documents, units.

/** A party's identifier as an event names it; codes (USCC, LEI, GLN) stand behind an opaque prefix. */
export const partyUri = (party) => (/^[0-9A-Z]{13,20}$/.test(party) ? `https://w3id.org/reledger/party/${party}` : party);

/** The party that a URI of an event names. */
export const partyOf = (uri) => uri.replace(/^https:\/\/w3id\.org\/reledger\/party\/(?=[0-9A-Z]{13,20}$)/, "");

/** What stands before the code of an item of technology; an opaque name, not an address. */
export const TECHNOLOGY = "https://w3id.org/reledger/technology/";

const isUri = (text) => /^(urn:|https?:\/\/)/.test(text);

/** The check digit of GS1 keys. Source: GS1 General Specifications, section 7.9. */
export function checkDigit(body) {
  const sum = [...body].reverse().reduce((total, digit, at) => total + Number(digit) * (at % 2 ? 1 : 3), 0);
  return (10 - (sum % 10)) % 10;
}

/** The company prefix of a party or site that GS1 names, or null. */
export const companyPrefix = (id) => /^urn:epc:id:(?:pgln|sgln):(\d{6,12})\./.exec(id ?? "")?.[1] ?? null;

const typed = (text) => encodeURIComponent(text.trim()).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * A lot's id under the party's own prefix.
 * @param {string} text What the person calls it, "PRND-2611", or a whole URI.
 * @param {string} party The party's identifier.
 * @param {number} item Which of the party's articles it is, 0 to 99,999; for GS1 names alone.
 */
export function lotId(text, party, item = 1) {
  if (isUri(text.trim())) return text.trim();
  const company = companyPrefix(party);
  if (company) return `urn:epc:class:lgtin:${company}.${String(item).padStart(13 - company.length, "0")}.${typed(text)}`;
  return `${party.replace(/\/$/, "")}/lots/${typed(text)}`;
}

/** The number of a business document (invoice, despatch advice) as a URI of the party's. */
export function documentId(text, party) {
  if (isUri(text.trim())) return text.trim();
  const company = companyPrefix(party);
  if (company) {
    const body = company.padEnd(12, "0");
    return `urn:epcglobal:cbv:bt:${body}${checkDigit(body)}:${typed(text)}`;
  }
  return `${party.replace(/\/$/, "")}/documents/${typed(text)}`;
}

/** A pool's id under the party's own names. */
export function poolId(text, party) {
  if (isUri(text.trim())) return text.trim();
  const company = companyPrefix(party);
  if (company) return `urn:epc:id:gdti:${company}.${"1".padStart(12 - company.length, "0")}.${typed(text)}`;
  return `${party.replace(/\/$/, "")}/pools/${typed(text)}`;
}

/** A logistic unit: 18 digits of an SSCC become its EPC; anything else is taken as typed. */
export function unitId(text, party) {
  const digits = text.replace(/\D/g, "");
  const company = companyPrefix(party);
  if (company && digits.length === 18 && digits.slice(1).startsWith(company)) {
    return `urn:epc:id:sscc:${company}.${digits[0]}${digits.slice(1 + company.length, 17)}`;
  }
  return text.trim();
}

/** Whether a name has the form of a logistic unit's. */
export const isUnit = (name) => /^urn:epc:id:(sscc|grai|bic):./.test(name) || /^https?:\/\/[^?#]*\/(00\/\d{18}|8003\/\d{14})/.test(name);
