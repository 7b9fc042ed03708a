import { PassThrough, type Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { Request, RequestHandler } from 'express';
import { HttpError } from './http-error.ts';

export interface Upload {
  name: string;
  file: Readable;
  isTruncated: () => boolean;
}

export interface UploadForm {
  path: RegExp;
  files: number;
  fileBytes: number;
}

/** `req.body` gets the fields before the first file; read each of `req.uploads` before asking for the next. */
export function receiveUploads(forms: UploadForm[]): RequestHandler {
  return (req, res, next) => {
    const form = req.method === 'POST' && forms.find(({ path }) => path.test(req.path));
    if (!form || !req.is('multipart/form-data')) return next();
    const fields = new Map<string, string>();
    let hasContinued = false;
    const proceed = (error?: unknown) => {
      if (hasContinued) return;
      hasContinued = true;
      req.body = Object.fromEntries(fields);
      next(error);
    };
    const parser = openParser(req, form);
    if (!parser) return next(new HttpError(400, 'errors.badRequest'));
    const uploads = new PassThrough({ objectMode: true, highWaterMark: form.files });
    // There may be no reader yet when the client disconnects, and none any more once a file is refused.
    uploads.on('error', () => undefined);
    req.uploads = uploads;
    parser.on('field', (name, value) => fields.set(name, value));
    parser.on('file', (_field, file: Readable, name) => {
      let isTruncated = false;
      file.once('limit', () => (isTruncated = true));
      file.on('error', () => undefined);
      req.once('close', () => {
        if (!req.complete) file.destroy(new HttpError(400, 'errors.badRequest'));
      });
      parser.once('error', () => file.destroy(new HttpError(400, 'errors.badRequest')));
      uploads.write({ name: unescapeName(name), file, isTruncated: () => isTruncated } satisfies Upload);
      proceed();
    });
    parser.once('finish', () => {
      uploads.end();
      proceed();
    });
    req.once('close', () => {
      if (!req.complete) uploads.destroy(new HttpError(400, 'errors.badRequest'));
    });
    parser.once('error', () => {
      uploads.destroy(new HttpError(400, 'errors.badRequest'));
      req.unpipe(parser);
      req.resume();
      proceed(new HttpError(400, 'errors.badRequest'));
    });
    res.once('finish', () => {
      req.unpipe(parser);
      req.resume();
    });
    req.pipe(parser);
  };
}

export async function firstUpload({ uploads }: Request): Promise<Upload | undefined> {
  for await (const upload of uploads?.iterator({ destroyOnReturn: false }) ?? []) return upload as Upload;
  return undefined;
}

/** Browsers escape quotes and line breaks in the names of files, and nothing else. */
function unescapeName(name: string): string {
  return name.replaceAll('%22', '"').replace(/(%0D|%0A)+/g, ' ');
}

function openParser(req: Request, { files, fileBytes }: UploadForm): BusboyInstance | undefined {
  const headers = { ...req.headers, 'content-type': req.headers['content-type'] ?? '' };
  const limits = {
    fields: 10,
    fieldSize: 2000,
    files,
    parts: 11 + files,
    headerPairs: 20,
    fileSize: fileBytes,
  };
  try {
    return new Busboy({ headers, limits });
  } catch {
    return undefined;
  }
}

declare module 'express-serve-static-core' {
  interface Request {
    uploads?: Readable;
  }
}
