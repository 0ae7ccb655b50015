// What is missing in a form, or cannot be read.

/** A value that a form lacks or that cannot be read: `field` names it, `code` is a text of area `producer`. */
export class FieldFault extends Error {
  constructor(field, code) {
    super(code);
    this.field = field;
    this.code = code;
  }
}
