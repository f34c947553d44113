import {describe, expect, it} from 'vitest';
import {openSecretbox, sealSecretbox} from '../../src/signature/secretbox.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

/** From the validation of NaCl ("Cryptography in NaCl", section 10). */
const key = bytes('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
const nonce = bytes('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
const message = bytes(`
  be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129
  6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
  048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705`);
const box = bytes(`
  f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a
  c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae
  90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74
  e355a5`);

describe('a secretbox', () => {
  it("is NaCl's", () => {
    expect(Buffer.from(sealSecretbox(message, nonce, key))).toEqual(box);
    expect(Buffer.from(openSecretbox(box, nonce, key) ?? [])).toEqual(message);
  });

  it.each([0, 1, 31, 32, 33, 64, 1000])('gives back %i bytes', (size) => {
    const own = Buffer.alloc(size, 7);
    expect(Buffer.from(openSecretbox(sealSecretbox(own, nonce, key), nonce, key) ?? [])).toEqual(own);
  });

  it('does not open when a bit of box, nonce or key is another', () => {
    const changed = (one: Buffer, index: number): Buffer => {
      const copy = Buffer.from(one);
      copy[index] = (copy[index] ?? 0) ^ 1;
      return copy;
    };
    expect(openSecretbox(changed(box, 3), nonce, key)).toBeUndefined();
    expect(openSecretbox(changed(box, box.length - 1), nonce, key)).toBeUndefined();
    expect(openSecretbox(box, changed(nonce, 23), key)).toBeUndefined();
    expect(openSecretbox(box, nonce, changed(key, 0))).toBeUndefined();
    expect(openSecretbox(box.subarray(0, 15), nonce, key)).toBeUndefined();
  });
});
