import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { Request, RequestHandler } from 'express';
import { HttpError } from '../http/http-error.ts';
import { MAX_FILE_BYTES } from '../spreadsheets/spreadsheet.ts';

/** A file on its way; `isCut` once it was larger than we take. */
export interface Upload {
  name: string;
  file: Readable;
  isCut: () => boolean;
}

/**
 * Takes the fields of an upload, which come before the file, as the body: token and key are then where
 * every other form has them. The file waits in `req.upload` until somebody reads it.
 */
export function receiveUpload(): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'POST' || req.path !== '/imports' || !req.is('multipart/form-data')) return next();
    const fields = new Map<string, string>();
    let isPassedOn = false;
    const passOn = (error?: unknown) => {
      if (isPassedOn) return;
      isPassedOn = true;
      req.body = Object.fromEntries(fields);
      next(error);
    };
    const parser = openParser(req);
    if (!parser) return next(new HttpError(400, 'errors.badRequest'));
    parser.on('field', (name, value) => fields.set(name, value));
    parser.on('file', (_field, file: Readable, name) => {
      let isCut = false;
      file.once('limit', () => (isCut = true));
      // Nobody may be reading when the person goes away.
      file.on('error', () => undefined);
      req.once('close', () => {
        if (!req.complete) file.destroy(new HttpError(400, 'errors.badRequest'));
      });
      req.upload = { name, file, isCut: () => isCut };
      passOn();
    });
    parser.once('finish', () => passOn());
    parser.once('error', () => {
      req.upload?.file.destroy(new HttpError(400, 'errors.badRequest'));
      req.unpipe(parser);
      req.resume();
      passOn(new HttpError(400, 'errors.badRequest'));
    });
    // What was refused before it was read to its end is thrown away as it comes.
    res.once('finish', () => {
      req.unpipe(parser);
      req.resume();
    });
    req.pipe(parser);
  };
}

function openParser(req: Request): BusboyInstance | undefined {
  const headers = { ...req.headers, 'content-type': req.headers['content-type'] ?? '' };
  const limits = {
    fields: 10,
    fieldSize: 2000,
    files: 1,
    parts: 12,
    headerPairs: 20,
    fileSize: MAX_FILE_BYTES,
  };
  try {
    return new Busboy({ headers, limits });
  } catch {
    return undefined;
  }
}

declare module 'express-serve-static-core' {
  interface Request {
    upload?: Upload;
  }
}
