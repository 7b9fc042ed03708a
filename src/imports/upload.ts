import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { Request, RequestHandler } from 'express';
import { HttpError } from '../http/http-error.ts';
import { MAX_FILE_BYTES } from '../spreadsheets/spreadsheet.ts';

/** `isTruncated` turns true when the file exceeds the size limit. */
export interface Upload {
  name: string;
  file: Readable;
  isTruncated: () => boolean;
}

/** Puts the fields before the file, such as the CSRF token, into `req.body`; `req.upload` holds the unread file. */
export function receiveUpload(): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'POST' || req.path !== '/imports' || !req.is('multipart/form-data')) return next();
    const fields = new Map<string, string>();
    let hasContinued = false;
    const proceed = (error?: unknown) => {
      if (hasContinued) return;
      hasContinued = true;
      req.body = Object.fromEntries(fields);
      next(error);
    };
    const parser = openParser(req);
    if (!parser) return next(new HttpError(400, 'errors.badRequest'));
    parser.on('field', (name, value) => fields.set(name, value));
    parser.on('file', (_field, file: Readable, name) => {
      let isTruncated = false;
      file.once('limit', () => (isTruncated = true));
      // There may be no reader yet when the client disconnects.
      file.on('error', () => undefined);
      req.once('close', () => {
        if (!req.complete) file.destroy(new HttpError(400, 'errors.badRequest'));
      });
      req.upload = { name: unescapeName(name), file, isTruncated: () => isTruncated };
      proceed();
    });
    parser.once('finish', () => proceed());
    parser.once('error', () => {
      req.upload?.file.destroy(new HttpError(400, 'errors.badRequest'));
      req.unpipe(parser);
      req.resume();
      proceed(new HttpError(400, 'errors.badRequest'));
    });
    // Discard the rest of a refused upload.
    res.once('finish', () => {
      req.unpipe(parser);
      req.resume();
    });
    req.pipe(parser);
  };
}

/** Browsers escape quotes and line breaks in the names of files, and nothing else. */
function unescapeName(name: string): string {
  return name.replaceAll('%22', '"').replace(/(%0D|%0A)+/g, ' ');
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
